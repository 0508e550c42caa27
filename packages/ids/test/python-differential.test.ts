import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalize,
  contentId,
  PyDict,
  PyFloat,
  pyBytes,
  pyDate,
  pyDatetime,
  pyDecimal,
  pyTimedelta,
  pyUuid,
} from '../src/index.js';
import { finiteNumbers, pythonValues, strings } from './arbitrary-values.js';

const VALUES = 10_000;
const script = fileURLToPath(new URL('./fixtures/python-dumps.py', import.meta.url));
const python = spawnSync('python3', ['--version']).status === 0;

/** Something that Python's writer turns into text, and how to build it there. */
class Foreign {
  constructor(
    readonly recipe: readonly unknown[],
    readonly text: string,
  ) {}
}

/** A value in a form that loses nothing on its way to the other language. */
function typed(value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return ['s', Buffer.from(value, 'utf16le').toString('hex')];
  if (typeof value === 'bigint') return ['i', value.toString()];
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? ['i', String(value)]
      : float(value);
  }
  if (value instanceof PyFloat) return float(value.value);
  if (value instanceof Foreign) return value.recipe;
  if (value instanceof PyDict) {
    return ['d', value.entries.map(([key, member]) => [typed(key), typed(member)])];
  }
  if (Array.isArray(value)) return ['l', value.map(typed)];
  return [
    'd',
    Object.entries(value as object).map(([name, member]) => [typed(name), typed(member)]),
  ];
}

function float(value: number): unknown {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return ['f', bits.toString('hex')];
}

const instants = fc.date({
  min: new Date('0002-01-01T00:00:00Z'),
  max: new Date('9998-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const decimals = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.stringMatching(/^[0-9]{1,20}$/),
    fc.option(fc.stringMatching(/^[0-9]{0,12}$/)),
    fc.option(fc.integer({ min: -30, max: 30 })),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `E${exponent}`}`,
  );
const foreign = fc.oneof(
  instants.map(
    (at) =>
      new Foreign(['date', at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()], pyDate(at)),
  ),
  fc
    .tuple(
      instants,
      fc.option(fc.integer({ min: -1439, max: 1439 })),
      fc.integer({ min: 0, max: 999 }),
    )
    .map(([at, offset, micro]) => {
      const text = pyDatetime(at, {
        microseconds: micro,
        ...(offset === null ? {} : { offsetMinutes: offset }),
      });
      return new Foreign(['datetime', at.getTime(), micro, offset], text);
    }),
  fc
    .integer({ min: -1e13, max: 1e13 })
    .map((ms) => new Foreign(['timedelta', ms], pyTimedelta(ms))),
  decimals.map((text) => new Foreign(['decimal', text], pyDecimal(text))),
  fc.uuid().map((text) => new Foreign(['uuid', text], pyUuid(text.toUpperCase()))),
  fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => new Foreign(['bytes', Buffer.from(bytes).toString('hex')], pyBytes(bytes))),
);
const dicts = fc
  .oneof(
    fc.uniqueArray(
      fc.oneof(
        fc.maxSafeInteger(),
        finiteNumbers.filter((number) => !Number.isInteger(number)),
      ),
      { maxLength: 6 },
    ),
    fc.uniqueArray(strings('binary'), { maxLength: 6 }),
    fc.constantFrom([null], [true, false, 2, 0.5, -3n], [2n ** 70n, 1.5e300, -1]),
  )
  .map(
    (keys) => new PyDict((keys as (string | number)[]).map((key, index) => [key, index] as const)),
  );
const everything = fc.oneof(
  { weight: 6, arbitrary: pythonValues },
  { weight: 1, arbitrary: fc.array(foreign, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(dicts, { maxLength: 2 }) },
);
const options = { default: (value: unknown) => (value as Foreign).text };

describe('content ids beside CPython', () => {
  it.runIf(python)(`are the same for ${VALUES} values`, { timeout: 120_000 }, () => {
    const samples = fc.sample(everything, VALUES);
    const input = samples.map((value) => JSON.stringify(typed(value))).join('\n');
    const answer = spawnSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
    expect(answer.stderr).toBe('');
    const lines = answer.stdout.split('\n').slice(0, -1);
    expect(lines).toHaveLength(VALUES);
    samples.forEach((value, index) => {
      const [id, text] = lines[index]!.split(' ', 1).concat(
        lines[index]!.slice(lines[index]!.indexOf(' ') + 1),
      );
      expect(canonicalize(value, options)).toBe(text);
      expect(contentId(value, options)).toBe(id);
    });
  });

  it.runIf(!python)('ARE NOT COMPARED HERE: there is no python3', () => {
    console.warn('python3 is missing: content ids were not compared with those of CPython.');
  });
});
