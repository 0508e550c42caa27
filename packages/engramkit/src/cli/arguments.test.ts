import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import type { CommandSpec } from './command.js';
import { UsageError } from './usage-error.js';

const command: CommandSpec = {
  name: 'run',
  summary: 'Run.',
  usage: '<module>',
  positionals: { least: 1, most: 1 },
  flags: {
    inputs: { type: 'text', summary: 'Inputs.', placeholder: 'JSON', short: 'i' },
    secret: { type: 'text', summary: 'Secret.', repeatable: true },
    json: { type: 'switch', summary: 'JSON.' },
  },
  examples: [],
  load: () => Promise.reject(new Error('not loaded in this test')),
};

function refusal(...args: string[]): UsageError {
  try {
    parseArguments(command, args);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${args.join(' ')} was accepted`);
}

describe('parseArguments', () => {
  it('reads flags in every spelling, in any place', () => {
    const { positionals, flags } = parseArguments(command, [
      '--secret',
      'a=env:A',
      'greet.ts',
      '--secret=b=env:B',
      '-i',
      '{}',
      '--json',
    ]);
    expect(positionals).toEqual(['greet.ts']);
    expect(flags.text('inputs')).toBe('{}');
    expect(flags.texts('secret')).toEqual(['a=env:A', 'b=env:B']);
    expect(flags.on('json')).toBe(true);
    expect(flags.on('watch')).toBe(false);
  });

  it('takes a lone dash as a value, and everything after two dashes as positionals', () => {
    expect(parseArguments(command, ['x', '--inputs', '-']).flags.text('inputs')).toBe('-');
    expect(parseArguments(command, ['--', '--json']).positionals).toEqual(['--json']);
  });

  it('asks for help before it complains', () => {
    expect(parseArguments(command, ['--wrong', '-h']).help).toBe(true);
  });

  it.each([
    [['greet.ts', '--input', '{}'], 'unknown flag --input', 'Did you mean --inputs?'],
    [['greet.ts', '--jsno'], 'unknown flag --jsno', 'Did you mean --json?'],
    [['greet.ts', '--zzzzzz'], 'unknown flag --zzzzzz', '"engramkit help run" lists every flag.'],
    [['greet.ts', '-z'], 'unknown flag -z', 'lists every flag'],
    [['greet.ts', '--inputs'], '--inputs needs a value', 'Write --inputs JSON'],
    [
      ['greet.ts', '--inputs', '--json'],
      '--inputs needs a value, but the next argument is --json',
      '--inputs=',
    ],
    [['greet.ts', '--json=yes'], '--json takes no value, got "yes"', 'Write just --json.'],
    [['greet.ts', '-i', '1', '--inputs', '2'], '--inputs is given twice', 'once'],
    [['greet.ts', 'extra'], 'unexpected argument "extra"', 'Quote values'],
    [[], '<module> is missing', 'Usage: engramkit run <module>'],
    [['greet.ts', '--__proto__'], 'unknown flag --__proto__', 'lists every flag'],
    [['greet.ts', '--constructor=1'], 'unknown flag --constructor', 'lists every flag'],
  ])('refuses %j', (args, message, hint) => {
    const error = refusal(...args);
    expect(error.message).toBe(message);
    expect(error.hint).toContain(hint);
  });

  it('either parses or throws a usage error, whatever the arguments are', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('--inputs', '--json', '--', '-', '-i', '--secret=x', '--no-json'),
          ),
        ),
        (args) => {
          try {
            parseArguments(command, args);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
          }
        },
      ),
    );
  });
});
