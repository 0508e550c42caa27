import { describe, expect, it } from 'vitest';
import { snippetsOf } from '../../scripts/gate/docs-snippets.mjs';

const page = (...lines: string[]) => lines.join('\n');

describe('the snippets of a page', () => {
  it('are its ts blocks, with the line of their fence', () => {
    const text = page(
      '# Title',
      '',
      '```ts',
      'const a = 1;',
      '```',
      '```sh',
      'ls',
      '```',
      '```typescript',
      'const b = 2;',
      '```',
    );
    expect(snippetsOf(text)).toMatchObject([
      { file: 'line-3.ts', code: 'const a = 1;\n', checked: true },
      { file: 'line-9.ts', code: 'const b = 2;\n', checked: true },
    ]);
  });

  it('can name their file, so that others import it', () => {
    const text = page('```ts file=greet.ts', 'export const a = 1;', '```');
    expect(snippetsOf(text)).toMatchObject([{ file: 'greet.ts', checked: true }]);
  });

  it('are left out only with a reason', () => {
    const text = page('```ts no-check: needs a cluster', 'x', '```', '```ts no-check', 'y', '```');
    expect(snippetsOf(text)).toMatchObject([
      { checked: false, reason: 'needs a cluster' },
      { checked: false, reason: '' },
    ]);
  });

  it('are not what only looks like a fence', () => {
    expect(snippetsOf(page('text ```ts', 'x', '```', '```tsx', 'y', '```'))).toEqual([]);
  });
});
