import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileTemplate } from '../src/compiled.js';
import { functionsFor } from '../src/functions/registry.js';
import { createTemplateEngine, functionNames, type TemplateScope } from '../src/index.js';

interface Case {
  readonly template: string;
  readonly data: string;
  readonly output?: string;
  readonly error?: string;
  readonly single?: boolean;
}

const vectors = JSON.parse(
  readFileSync(new URL('vectors/go-corpus.json', import.meta.url), 'utf8'),
) as {
  readonly datasets: Readonly<Record<string, TemplateScope>>;
  readonly cases: readonly Case[];
};

/** What the messages of each kind of failure contain. */
const KINDS = [
  'not defined',
  'unexpected',
  'unterminated',
  'unclosed',
  'bad character',
  'bad number syntax',
  'illegal number syntax',
  'integer overflow',
  'overflows int',
  'undefined variable',
  'missing value for',
  'non executable command',
  'multiple definition',
  'outside {{range}}',
  'too many declarations',
  'range can only initialize variables',
  'wrong number of args',
  'wrong type for value',
  'invalid value; expected',
  'cannot assign nil',
  "can't handle",
  'expected string; found',
  'expected integer; found',
  'expected bool; found',
  'expected float; found',
  "can't give argument to non-function",
  "can't evaluate field",
  'nil pointer evaluating',
  'is not a method but has arguments',
  "can't iterate over",
  'nil is not a command',
  'error calling',
  'incompatible types for comparison',
  'non-comparable type',
  'invalid type for comparison',
  'missing argument for comparison',
  'index out of range',
  'index of untyped nil',
  'integer divide by zero',
  'slice bounds out of range',
  'interface conversion',
  'offloaded data usage detected',
];

const engine = createTemplateEngine();

function answer({ template, data }: Case): { readonly output?: string; readonly error?: string } {
  try {
    return { output: engine.render(template, vectors.datasets[data] ?? {}) };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

describe('the real Go engine and ours', () => {
  const compared = vectors.cases;

  test('have at least 600 answers to compare', () => {
    expect(compared.length).toBeGreaterThanOrEqual(600);
  });

  test.each(compared.map((each, at) => [at, each] as const))(
    'give the same answer to case %i',
    (_at, each) => {
      const expected = each.error === undefined ? { output: each.output } : { error: each.error };
      expect(answer(each), each.template).toEqual(expected);
    },
  );
});

describe('the corpus', () => {
  test('uses every function of the dialect', () => {
    const words = new Set(
      vectors.cases.flatMap((each) => each.template.match(/[A-Za-z_]\w*/g) ?? []),
    );
    expect(functionNames().filter((name) => !words.has(name))).toEqual([]);
  });

  test('shows every kind of failure', () => {
    const errors = vectors.cases.flatMap((each) => (each.error === undefined ? [] : [each.error]));
    for (const kind of KINDS)
      expect(
        errors.some((error) => error.includes(kind)),
        kind,
      ).toBe(true);
  });

  test('agrees on what is a single action', () => {
    for (const { template, single, error } of vectors.cases) {
      if (error !== undefined) continue;
      const compiled = compileTemplate(template, functionsFor(false));
      expect(compiled.isSingle(), template).toBe(single === true);
    }
  });
});
