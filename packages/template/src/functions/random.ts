import { FunctionError, FunctionLimitError } from '../errors.js';
import { GoInt } from '../go/values.js';
import { nowTime } from './dates.js';
import { type FunctionEnvironment, type FunctionTable, fn } from './signature.js';
import { count } from './text.js';

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const VISIBLE = Array.from({ length: 95 }, (_value, at) => String.fromCharCode(32 + at)).join('');

function below(limit: number, environment: FunctionEnvironment): number {
  return Math.min(Math.floor(environment.random.float() * limit), limit - 1);
}

function randomText(size: number, alphabet: string, environment: FunctionEnvironment): string {
  if (size > environment.largestValue) throw new FunctionLimitError('random text is too large');
  let out = '';
  for (let at = 0; at < size; at += 1) out += alphabet[below(alphabet.length, environment)] ?? '';
  return out;
}

const randomOf = (alphabet: string): FunctionTable[string] =>
  fn('int', (args, environment) => randomText(count(args, 0), alphabet, environment));

/** What gives another result each time; not there in deterministic mode. Source: template section 6. */
export const RANDOM: FunctionTable = {
  now: fn('', (_args, environment) => nowTime(environment)),
  randAlpha: randomOf(LETTERS),
  randAlphaNum: randomOf(LETTERS + DIGITS),
  randAscii: randomOf(VISIBLE),
  randNumeric: randomOf(DIGITS),
  randInt: fn('int int', (args, environment) => {
    const [least, most] = [count(args, 0), count(args, 1)];
    if (most <= least) throw new FunctionError('invalid argument to Intn');
    return GoInt.of(least + below(most - least, environment));
  }),
  uuidv4: fn('', (_args, environment) => environment.random.uuid()),
};
