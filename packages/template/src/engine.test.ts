import type { Clock } from '@engramkit/core';
import { describe, expect, test } from 'vitest';
import { createTemplateEngine, type TemplateScope } from './engine.js';
import {
  EvaluationBlockedError,
  OffloadedDataError,
  TemplateError,
  TemplateLimitError,
} from './errors.js';

const ref = { $bubuStorageRef: 'outputs/ns/run/body.json' };
const scope: TemplateScope = {
  inputs: {
    name: 'Ada',
    count: 3,
    flag: true,
    nothing: null,
    items: [{ id: 'a' }, { id: 'b' }],
    'odd key': 1,
  },
  steps: {
    fetch: { output: { status: 200, body: { items: ['x', 'y'] } } },
    'fetch-feed': { output: { title: 'News' } },
    big: { output: ref, outputs: ref },
    partly: { output: { small: 1, large: ref } },
  },
  packet: { id: 7 },
};
const engine = createTemplateEngine();
const evaluate = (text: string) => engine.evaluate(text, scope);

function failure(run: () => unknown): TemplateError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof TemplateError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

/** A clock that stands still unless told otherwise. */
function stoppedClock(
  start = Date.UTC(2024, 1, 29, 12, 30),
): Clock & { advance(ms: number): void } {
  let passed = 0;
  return {
    now: () => start + passed,
    monotonic: () => passed,
    setTimer: () => ({ cancel: () => {}, [Symbol.dispose]: () => {} }),
    advance: (ms) => {
      passed += ms;
    },
  };
}

describe('a path', () => {
  test.each([
    ['{{ inputs.items }}', [{ id: 'a' }, { id: 'b' }]],
    ['{{ .inputs.count }}', 3],
    ['  {{ inputs.flag }}\n', true],
    ['{{ inputs.nothing }}', null],
    ['{{ inputs.items[1].id }}', 'b'],
    ['{{ packet.id }}', 7],
    ["{{ steps['fetch-feed'].output.title }}", 'News'],
    ['{{ steps["fetch-feed"].output }}', { title: 'News' }],
    ['{{ index .steps "fetch-feed" }}', { output: { title: 'News' } }],
    ['{{ (index .steps "fetch").output.body.items[0] }}', 'x'],
    ['{{ index .inputs "odd key" }}', 1],
  ])('%s gives the raw value', (text, value) => {
    expect(evaluate(text)).toEqual(value);
  });

  test('into an offloaded output gives a storage selector', () => {
    expect(evaluate('{{ steps.big.output.items[2].id }}')).toEqual({
      ...ref,
      $bubuStoragePath: 'items[2].id',
    });
    expect(evaluate('{{ (index .steps "big").outputs.a.b }}')).toEqual({
      ...ref,
      $bubuStoragePath: 'a.b',
    });
    expect(evaluate('{{ steps.big.output }}')).toEqual(ref);
  });

  test('that is missing under steps is blocked, with the path', () => {
    const error = failure(() => evaluate('{{ steps.later.output.x }}'));
    expect(error).toBeInstanceOf(EvaluationBlockedError);
    expect(error).toMatchObject({
      code: 'TEMPLATE_BLOCKED',
      retry: 'safe',
      message: 'template evaluation blocked: missing key at steps.later',
    });
    expect(failure(() => evaluate('{{ steps.fetch.output.body.items[9] }}')).message).toBe(
      'template evaluation blocked: missing key at steps.fetch.output.body.items',
    );
  });

  test('that is missing elsewhere is a plain error', () => {
    expect(failure(() => evaluate('{{ inputs.a.b }}'))).toMatchObject({
      code: 'TEMPLATE_MISSING_KEY',
      message: 'missing key at inputs.a',
    });
    expect(failure(() => evaluate('{{ .story.name }}')).message).toBe('missing key at story');
  });

  test('through a value that holds nothing says so', () => {
    expect(failure(() => evaluate('{{ inputs.name.first }}')).message).toBe(
      'cannot access key "first" on string at inputs.name',
    );
    expect(failure(() => evaluate('{{ inputs.name[0] }}')).message).toBe(
      'cannot index into string at inputs.name',
    );
    expect(failure(() => evaluate('{{ inputs.nothing.x }}')).message).toContain(
      'at inputs.nothing',
    );
  });
});

describe('a single action of Go functions', () => {
  test.each([
    ['{{ len .inputs.items }}', 2],
    ['{{ eq .inputs.name "Ada" }}', true],
    ['{{ printf "%s" "123" }}', 123],
    ['{{ printf "[%d]" 1 }}', [1]],
    ['{{ printf "%s" "plain" }}', 'plain'],
    ['{{- .inputs.count -}}', 3],
    ['{{ (.inputs).name }}', 'Ada'],
    [' {{ len .inputs.items }} ', 2],
    ['{{ printf "{\\"__proto__\\":1}" }}', JSON.parse('{"__proto__":1}')],
  ])('%s is typed', (text, value) => {
    expect(evaluate(text)).toEqual(value);
  });

  test.each([
    ['{{ add 1 2 }}', '3'],
    ['{{ .inputs.flag | toJson }}', 'true'],
    ['{{ len .inputs.items }}!', '2!'],
    ['{{ len .inputs.items }}{{ 1 }}', '21'],
    ['{{ len .inputs.items }} {{/* c */}}', '2 '],
    ['no action', 'no action'],
  ])('%s stays a text', (text, value) => {
    expect(evaluate(text)).toBe(value);
  });
});

describe('offloaded data', () => {
  test.each([
    '{{ steps.big.output.x | upper }}',
    'a{{ steps.big }}',
    '{{ len (index .steps "partly").output.small }}',
    '{{ $.steps.big.output.x | len }}',
  ])('is refused in the computation %s', (text) => {
    const error = failure(() => evaluate(text));
    expect(error).toBeInstanceOf(OffloadedDataError);
    expect(error).toMatchObject({ code: 'TEMPLATE_OFFLOADED', retry: 'never' });
    expect(error.message).toMatch(/^offloaded data usage detected: /);
  });

  test('in the hands of a function is refused with the place', () => {
    const error = failure(() => engine.evaluate('{{ len .inputs.r }}', { inputs: { r: ref } }));
    expect(error).toBeInstanceOf(OffloadedDataError);
    expect(error.message).toContain(
      'error calling len: offloaded data usage detected: len requires hydrated data for outputs/ns/run/body.json',
    );
  });

  test('of other steps does not matter', () => {
    expect(evaluate('{{ steps.fetch.output.status | toString }}')).toBe('200');
  });
});

describe('resolve', () => {
  test('goes through objects and arrays and leaves the rest alone', () => {
    const literal = { deep: [1, 'x'] };
    const value = { a: '{{ inputs.count }}', b: ['{{ inputs.name | upper }}', 2], literal };
    const resolved = engine.resolve(value, scope);
    expect(resolved).toEqual({ a: 3, b: ['ADA', 2], literal });
    expect((resolved as typeof value).literal).toBe(literal);
    expect(engine.resolve(literal, scope)).toBe(literal);
  });

  test('never evaluates keys', () => {
    expect(engine.resolve({ '{{ inputs.name }}': 1 }, scope)).toEqual({ '{{ inputs.name }}': 1 });
  });

  test('replaces a template object, with its own variables on top', () => {
    const value = {
      x: {
        $bubuTemplate: '{{ .who }}-{{ inputs.count }}',
        $bubuTemplateVars: { who: '{{ inputs.name }}' },
        other: 1,
      },
    };
    expect(engine.resolve(value, scope)).toEqual({ x: 'Ada-3' });
    expect(
      engine.resolve({ $bubuTemplate: '{{ inputs.count }}', $bubuTemplateVars: null }, scope),
    ).toBe(3);
  });

  test('refuses template objects of another shape', () => {
    expect(failure(() => engine.resolve({ a: { $bubuTemplate: 1 } }, scope))).toMatchObject({
      message: '$bubuTemplate must be a string',
      path: '$.a.$bubuTemplate',
    });
    expect(
      failure(() =>
        engine.resolve({ $bubuTemplate: 'x', $bubuTemplateVars: '{{ inputs.name }}' }, scope),
      ).message,
    ).toBe('$bubuTemplateVars must be an object');
  });

  test('says where it failed', () => {
    const error = failure(() =>
      engine.resolve({ with: { urls: ['ok', '{{ inputs.nope }}'] } }, scope),
    );
    expect(error).toMatchObject({
      path: '$.with.urls[1]',
      message: 'index 1: missing key at inputs.nope',
      details: { path: '$.with.urls[1]' },
    });
    expect(
      failure(() =>
        engine.resolve({ $bubuTemplate: 'x', $bubuTemplateVars: { a: '{{ steps.z.q }}' } }, scope),
      ),
    ).toBeInstanceOf(EvaluationBlockedError);
    expect(failure(() => engine.resolve({ 'a b': '{{ nofunc }}' }, scope)).path).toBe('$["a b"]');
  });

  test('takes fetched values for data, whatever they contain', () => {
    const value = { fetched: '{{ boom }}', own: '{{ inputs.count }}', deep: { raw: ['{{'] } };
    const isLiteral = (path: ReadonlyArray<string | number>) =>
      path[0] === 'fetched' || path[0] === 'deep';
    expect(engine.resolve(value, scope, { isLiteral })).toEqual({ ...value, own: 3 });
  });

  test('keeps hostile keys as data', () => {
    const value = JSON.parse(
      '{"__proto__":"{{ inputs.count }}","constructor":{"a":"{{ inputs.name }}"}}',
    );
    const resolved = engine.resolve(value, scope);
    expect(JSON.stringify(resolved)).toBe('{"__proto__":3,"constructor":{"a":"Ada"}}');
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test('refuses what is too deep, too large or cyclic', () => {
    let deep: unknown = '{{ inputs.name }}';
    for (let level = 0; level < 200; level += 1) deep = [deep];
    expect(failure(() => engine.resolve(deep as never, scope))).toMatchObject({
      code: 'TEMPLATE_LIMIT',
    });
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(failure(() => engine.resolve(cyclic as never, scope)).message).toContain(
      'cyclic template value detected',
    );
    const unbounded = createTemplateEngine({ limits: { maxInputBytes: 0 } });
    expect(failure(() => unbounded.resolve(cyclic as never, scope)).message).toContain(
      'cyclic template value detected',
    );
    const small = createTemplateEngine({ limits: { maxInputBytes: 20 } });
    expect(failure(() => small.resolve('x'.repeat(30), {}))).toBeInstanceOf(TemplateLimitError);
    expect(failure(() => small.resolve('x', { inputs: { a: 'y'.repeat(30) } })).message).toContain(
      'variables',
    );
  });
});

describe('limits', () => {
  test('the output is bounded in bytes', () => {
    const narrow = createTemplateEngine({ limits: { maxOutputBytes: 10 } });
    expect(narrow.render('{{ "é" }}12345678', {})).toBe('é12345678');
    expect(failure(() => narrow.render('{{ "é" }}123456789', {}))).toMatchObject({
      code: 'TEMPLATE_LIMIT',
      message: 'template output exceeds max bytes (current=2, writing=9, max=10)',
    });
    expect(
      createTemplateEngine({ limits: { maxOutputBytes: 0 } }).render('{{ "x" }}'.repeat(100), {}),
    ).toHaveLength(100);
  });

  test('time ends a long loop', () => {
    const clock = stoppedClock();
    const ticking: Clock = {
      ...clock,
      monotonic: () => {
        clock.advance(1_000);
        return clock.monotonic();
      },
    };
    const timed = createTemplateEngine({ clock: ticking });
    expect(failure(() => timed.render('{{ range 100000000 }}{{ end }}', {}))).toMatchObject({
      code: 'TEMPLATE_TIMEOUT',
      message: 'template evaluation timed out after 30s',
    });
  });

  test('time ends a comparison of each with each', () => {
    const clock = stoppedClock();
    const ticking: Clock = {
      ...clock,
      monotonic: () => {
        clock.advance(100);
        return clock.monotonic();
      },
    };
    const timed = createTemplateEngine({ clock: ticking });
    const items = Array.from({ length: 1_000 }, (_item, at) => ({ at }));
    expect(
      failure(() => timed.render('{{ uniq .inputs.items }}', { inputs: { items } })).code,
    ).toBe('TEMPLATE_TIMEOUT');
  });

  test('an aborted signal ends the evaluation', () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    expect(() => engine.evaluate('{{ len "x" }}', {}, { signal: controller.signal })).toThrow(
      'template evaluation canceled',
    );
    expect(() =>
      engine.resolve({ a: ['{{ len "x" }}'] }, {}, { signal: controller.signal }),
    ).toThrow(expect.objectContaining({ code: 'CANCELLED' }));
  });

  test.each([
    '{{ $x := "0123456789" }}{{ range 40 }}{{ $x = cat $x $x }}{{ end }}',
    '{{ $x := list 1 2 }}{{ range 40 }}{{ $x = concat $x $x }}{{ end }}',
    '{{ indent 999999999 "a" }}',
    '{{ $x := "aaaaaaaa" }}{{ range 20 }}{{ $x = replace "a" $x $x }}{{ end }}',
    '{{ randAlpha 999999999 }}',
    '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}',
    '{{ $x := list }}{{ range 5000 }}{{ $x = list $x }}{{ end }}{{ $x }}',
    `{{ ${'('.repeat(3_000)}1${')'.repeat(3_000)} }}`,
    `${'{{ if true }}'.repeat(3_000)}${'{{ end }}'.repeat(3_000)}`,
  ])('growth is bounded: %s', (text) => {
    expect(failure(() => engine.render(text, {}))).toMatchObject({ code: 'TEMPLATE_LIMIT' });
  });

  test('prepared templates are kept, the least recently used go first', () => {
    const clock = stoppedClock();
    const cached = createTemplateEngine({ clock, cacheSize: 2 });
    for (const text of ['{{ 1 }}', '{{ 2 }}', '{{ 3 }}', '{{ 1 }}'])
      expect(cached.render(text, {})).toHaveLength(1);
    clock.advance(31 * 60_000);
    expect(cached.render('{{ 1 }}', {})).toBe('1');
  });
});

describe('conditions', () => {
  test.each([
    ['', true],
    ['  ', true],
    ['{{ inputs.flag }}', true],
    ['{{ eq .inputs.count 3.0 }}', true],
    ['{{ .inputs.name | hasPrefix "B" }}', false],
    [' YES ', true],
    ['n', false],
    ['{{ printf "%v" 1 | toString }}', true],
  ])('%j is %s', (text, value) => {
    expect(engine.condition(text, scope)).toBe(value);
  });

  test('anything else is an error', () => {
    expect(failure(() => engine.condition('{{ inputs.name }}', scope)).message).toBe(
      'condition did not resolve to boolean: "Ada"',
    );
    expect(failure(() => engine.condition('{{ inputs.count }}', scope)).message).toBe(
      'condition did not resolve to boolean, got float64',
    );
  });
});

describe('time and randomness', () => {
  const clock = stoppedClock();
  const random = { uuid: () => '00000000-0000-4000-8000-000000000000', float: () => 0.5 };

  test('come from the ports', () => {
    const fixed = createTemplateEngine({ clock, random, timeZone: 'Europe/Berlin' });
    expect(
      fixed.render(
        '{{ now | date "2006-01-02 15:04 MST" }}|{{ uuidv4 }}|{{ randInt 0 10 }}|{{ randNumeric 2 }}',
        {},
      ),
    ).toBe('2024-02-29 13:30 CET|00000000-0000-4000-8000-000000000000|5|55');
    expect(fixed.render('{{ date "15:04" 5.5 }} {{ toDate "2006-01-02" "2024-07-01" }}', {})).toBe(
      '13:30 2024-07-01 00:00:00 +0200 CEST',
    );
  });

  test('are not there in deterministic mode', () => {
    const fixed = createTemplateEngine({ clock, random, deterministic: true });
    for (const name of [
      'now',
      'uuidv4',
      'randAlpha 3',
      'randAlphaNum 3',
      'randAscii 3',
      'randNumeric 3',
      'randInt 1 2',
    ]) {
      const error = failure(() => fixed.evaluate(`{{ ${name} }}`, {}));
      expect(error.code).toBe('TEMPLATE_FUNCTION_BLOCKED');
      expect(error.message).toContain(`function "${name.split(' ')[0]}" not defined`);
    }
    expect(fixed.render('{{ add 1 2 }}', {})).toBe('3');
  });

  test('an unknown zone is refused at once', () => {
    expect(failure(() => createTemplateEngine({ timeZone: 'No/Where' }))).toMatchObject({
      code: 'TEMPLATE_INVALID_VALUE',
    });
  });
});

test('errors carry line, column and a hint', () => {
  const error = failure(() => engine.evaluate('first\n  {{ upper .inputs.count }}', scope));
  expect(error).toMatchObject({ code: 'TEMPLATE_EXECUTION', line: 2, column: 18 });
  expect(error.hint).toBeTruthy();
  expect(failure(() => engine.evaluate('{{ inputs.items[0].id | upper }}', scope)).hint).toContain(
    'index .inputs.items 0',
  );
  expect(failure(() => engine.evaluate('a\n{{ env "HOME" }}', scope))).toMatchObject({
    code: 'TEMPLATE_SYNTAX',
    line: 2,
  });
});
