import { readFileSync } from 'node:fs';
import { EngramkitError, type JsonValue } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byteLength,
  compareText,
  fromBytes,
  sliceBytes,
  toBytes,
  wellFormed,
} from '../src/go/bytes.js';
import { formatFloat, parseFloatText } from '../src/go/float.js';
import { decodeJson, encodeJson } from '../src/go/json.js';
import { quoteText, unquoteText } from '../src/go/quote.js';
import {
  createTemplateEngine,
  functionNames,
  normalizeTemplate,
  validateStoryTemplates,
  validateTemplate,
} from '../src/index.js';
import { jsonSize } from '../src/json-size.js';

const engine = createTemplateEngine({ limits: { timeoutMs: 2_000, maxValueLength: 100_000 } });
const scope = {
  inputs: { a: [1, 'x', null], m: { k: 'v' }, s: 'text', n: 5 },
  steps: { one: { output: { x: 1 } } },
};
const seeds = (
  JSON.parse(readFileSync(new URL('vectors/go-corpus.json', import.meta.url), 'utf8')) as {
    cases: Array<{ template: string }>;
  }
).cases.map((each) => each.template);

/** Pieces that templates are made of, so that random texts get past the first character. */
const piece = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{{-',
    '-}}',
    '"',
    "'",
    '`',
    '(',
    ')',
    '|',
    ' ',
    '.',
    '$',
    '$x',
    ':=',
    '=',
    ',',
    '\n',
    '/*',
    '*/',
    '[',
    ']',
    '\\',
    '%d',
  ),
  fc.constantFrom(
    'inputs',
    '.inputs.a',
    'steps["one"]',
    '.',
    'nil',
    'true',
    '1',
    '-1.5e3',
    '0x',
    'if ',
    'else',
    'end',
    'range ',
    'with ',
    'define "t"',
    'template "t" .',
    'block "b" .',
    'break',
    'continue',
  ),
  fc.constantFrom(...functionNames()),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const source = fc.oneof(
  fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(' ')),
  fc.array(piece, { maxLength: 25 }).map((pieces) => `{{ ${pieces.join('')} }}`),
  fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(8), piece).map(([text, at, cut, added]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + added + text.slice(from + cut);
  }),
);

/** The value, or `undefined` when the dialect refused it on purpose; anything else that is thrown is a defect. */
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof EngramkitError) return undefined;
    throw thrown;
  }
}

describe('whatever the text', () => {
  test('evaluating, rendering and linting end, and fail only on purpose', () => {
    fc.assert(
      fc.property(source, (text) => {
        attempt(() => engine.evaluate(text, scope));
        attempt(() => engine.render(text, scope));
        attempt(() => engine.condition(text, scope));
        attempt(() => validateTemplate(text, { roots: ['inputs'], allowRange: true }));
        attempt(() =>
          validateStoryTemplates({ steps: [{ name: 'a', with: { x: text }, if: text }] }),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  test('normalising twice is normalising once', () => {
    fc.assert(
      fc.property(source, (text) => {
        const once = normalizeTemplate(text);
        expect(normalizeTemplate(once)).toBe(once);
      }),
      { numRuns: 3_000 },
    );
  });

  test('the same text gives the same answer from a cache and without', () => {
    const fresh = createTemplateEngine({ cacheSize: 0, deterministic: true });
    const cached = createTemplateEngine({ deterministic: true });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), (text) => {
        if (/duration|date|Date/.test(text)) return; // May read the clock.
        const expected = attempt(() => fresh.evaluate(text, scope));
        expect(attempt(() => cached.evaluate(text, scope))).toEqual(expected);
        expect(attempt(() => cached.evaluate(text, scope))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('values', () => {
  const plain = fc
    .jsonValue({ stringUnit: 'binary' })
    .filter(
      (value) => !JSON.stringify(value).includes('{{') && !JSON.stringify(value).includes('$bubu'),
    );

  test('without templates come back as they are', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(engine.resolve(value as JsonValue, scope)).toBe(value);
      }),
    );
  });

  test('are never changed by resolving', () => {
    fc.assert(
      fc.property(fc.jsonValue(), source, (value, text) => {
        const given = { value, text } as unknown as JsonValue;
        const before = JSON.stringify(given);
        attempt(() => engine.resolve(given, scope));
        expect(JSON.stringify(given)).toBe(before);
      }),
    );
  });

  test('show nothing that JavaScript adds to them', () => {
    const inherited = [
      ...Object.getOwnPropertyNames(Object.prototype),
      ...Object.getOwnPropertyNames(Array.prototype),
      ...Object.getOwnPropertyNames(String.prototype),
    ];
    for (const name of inherited.filter((each) => /^[a-zA-Z_]\w*$/.test(each))) {
      expect(
        engine.render(
          `{{ .inputs.m.${name} }}|{{ index .inputs.m "${name}" }}|{{ get .inputs.m "${name}" }}|{{ hasKey .inputs.m "${name}" }}`,
          scope,
        ),
      ).toBe('<no value>|<no value>||false');
      for (const holder of ['a', 's', 'n'])
        expect(
          attempt(() => engine.render(`{{ .inputs.${holder}.${name} }}`, scope)),
        ).toBeUndefined();
      expect(attempt(() => engine.evaluate(`{{ inputs.m.${name} }}`, scope))).toBeUndefined();
      expect(attempt(() => engine.evaluate(`{{ .${name} }}`, scope))).toBeUndefined();
    }
  });

  test('keep their JSON through the JSON functions', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = encodeJson(value);
        // Go writes a negative zero as such, and reads it back.
        expect(decodeJson(text)).toEqual(value);
        expect(jsonSize(value)).toBe(byteLength(text));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('Go semantics', () => {
  test('bytes: a text is its bytes, cuts can be joined again', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)),
        fc.nat(),
        (text, at) => {
          const bytes = toBytes(text);
          expect(Buffer.from(bytes).toString()).toBe(text);
          expect(bytes.length).toBe(byteLength(text));
          const cut = at % (bytes.length + 1);
          const joined = sliceBytes(text, 0, cut) + sliceBytes(text, cut, bytes.length);
          expect(wellFormed(joined)).toBe(text);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...toBytes(fromBytes(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  test('texts are ordered by their bytes', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test('quoting can be undone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }).map(wellFormed), (text) => {
        expect(unquoteText(quoteText(text))).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(unquoteText(quoteText(text, { ascii: true }))).toBe(text);
      }),
    );
  });

  test('numbers read back as what was written, with a fixed number of digits as JavaScript rounds', () => {
    const finite = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Object.is(value, -0));
    fc.assert(
      fc.property(finite, (value) => {
        expect(parseFloatText(formatFloat(value, 'g', -1))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(finite, (value) => {
        expect(parseFloatText(formatFloat(value, 'x', -1))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(finite, fc.nat(20), (value, digits) => {
        expect(Number(formatFloat(value, 'e', digits))).toBe(Number(value.toExponential(digits)));
      }),
    );
  });
});
