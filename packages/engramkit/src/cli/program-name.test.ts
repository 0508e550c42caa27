import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { programName, shellWord } from './program-name.js';

describe('programName', () => {
  it.each([
    ['/usr/local/bin/engramkit', '/home/ada', 'engramkit'],
    ['/home/ada/node_modules/.bin/engramkit', '/home/ada', 'npx engramkit'],
    ['/home/ada/node_modules/engramkit/dist/cli.js', '/home/ada', 'npx engramkit'],
    [
      '/home/ada/packages/engramkit/dist/cli.js',
      '/home/ada',
      'node packages/engramkit/dist/cli.js',
    ],
    ['/elsewhere/my tools/cli.js', '/home/ada', "node '/elsewhere/my tools/cli.js'"],
    ['', '/home/ada', 'engramkit'],
  ])('%s in %s is %s', (script, directory, name) => {
    expect(programName(script, directory)).toBe(name);
  });
});

describe('shellWord', () => {
  it('survives a shell, whatever the word is', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 20, maxLength: 20 }), (words) => {
        const line = words.map(shellWord).join(' ');
        const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
        const seen = execFileSync('sh', ['-c', `"$0" -e '${script}' -- ${line}`, process.execPath]);
        expect(JSON.parse(seen.toString())).toEqual(words);
      }),
      { numRuns: 5 },
    );
  });
});
