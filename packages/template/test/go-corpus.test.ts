import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createTemplateEngine, type TemplateScope } from '../src/index.js';

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

/** Where the dialect is meant to answer in another way than Go does. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([]);

const engine = createTemplateEngine();

function answer({ template, data }: Case): { readonly output?: string; readonly error?: string } {
  try {
    return { output: engine.render(template, vectors.datasets[data] ?? {}) };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

describe('the real Go engine and ours', () => {
  const compared = vectors.cases.filter((each) => !DIFFERENT.has(each.template));

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
