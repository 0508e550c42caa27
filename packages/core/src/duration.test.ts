import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationFromMs, durationToMs, formatDuration, parseDuration } from './duration.js';
import { InvalidInputError } from './error.js';

const NANOSECOND = 1n;
const MICROSECOND = 1_000n;
const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

describe('parseDuration', () => {
  test.each<[string, bigint]>([
    ['0', 0n],
    ['+0', 0n],
    ['-0', 0n],
    ['0s', 0n],
    ['5s', 5n * SECOND],
    ['30s', 30n * SECOND],
    ['1478s', 1478n * SECOND],
    ['-5s', -5n * SECOND],
    ['+5s', 5n * SECOND],
    ['5.0s', 5n * SECOND],
    ['5.6s', 5n * SECOND + 600n * MILLISECOND],
    ['5.s', 5n * SECOND],
    ['.5s', 500n * MILLISECOND],
    ['1.0s', SECOND],
    ['1.00s', SECOND],
    ['1.004s', SECOND + 4n * MILLISECOND],
    ['1.0040s', SECOND + 4n * MILLISECOND],
    ['100.00100s', 100n * SECOND + MILLISECOND],
    ['10ns', 10n * NANOSECOND],
    ['11us', 11n * MICROSECOND],
    ['12\u00b5s', 12n * MICROSECOND],
    ['12\u03bcs', 12n * MICROSECOND],
    ['13ms', 13n * MILLISECOND],
    ['14s', 14n * SECOND],
    ['15m', 15n * MINUTE],
    ['16h', 16n * HOUR],
    ['3h30m', 3n * HOUR + 30n * MINUTE],
    ['10.5s4m', 4n * MINUTE + 10n * SECOND + 500n * MILLISECOND],
    ['-2m3.4s', -(2n * MINUTE + 3n * SECOND + 400n * MILLISECOND)],
    [
      '1h2m3s4ms5us6ns',
      HOUR + 2n * MINUTE + 3n * SECOND + 4n * MILLISECOND + 5n * MICROSECOND + 6n,
    ],
    ['39h9m14.425s', 39n * HOUR + 9n * MINUTE + 14n * SECOND + 425n * MILLISECOND],
    ['52763797000ns', 52_763_797_000n],
    ['0.3333333333333333333h', 20n * MINUTE],
    ['9007199254740993ns', 9_007_199_254_740_993n],
    ['9223372036854775807ns', LARGEST],
    ['9223372036854775.807us', LARGEST],
    ['9223372036s854ms775us807ns', LARGEST],
    ['-9223372036854775808ns', SMALLEST],
    ['-9223372036854775.808us', SMALLEST],
    ['-9223372036s854ms775us808ns', SMALLEST],
    ['0.100000000000000000000h', 6n * MINUTE],
    ['0.830103483285477580700h', 49n * MINUTE + 48n * SECOND + 372_539_827n],
    ['1.9ns', 1n],
    ['0.9999ns', 0n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  test.each([
    '',
    '3',
    '-',
    '+',
    's',
    '.',
    '-.',
    '.s',
    '+.s',
    '1d',
    '1 s',
    ' 1s',
    '1s ',
    '1.2.3s',
    '--1s',
    '1S',
    '1_000s',
    '1e3s',
    '0x1s',
    'PT5S',
    '\x85\x85',
    '\uffff',
    'hello \uffff world',
    '9223372036854775810ns',
    '9223372036854775808ns',
    '-9223372036854775809ns',
    '9223372036854776us',
    '3000000h',
    '99999999999999999999h',
    '9223372036854ms775us808ns',
    '1s\n',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(InvalidInputError);
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({ code: 'DURATION_INVALID' }),
    );
  });

  test('says why and what to write', () => {
    expect(() => parseDuration('30')).toThrow('"30" is not a duration: a unit is missing');
    expect(() => parseDuration('1d')).toThrow('a unit is unknown');
    expect(() => parseDuration(`${'9'.repeat(10_000)}h`)).toThrow(/^.{0,100}$/);
  });

  test('ends soon for long texts', () => {
    expect(parseDuration(`0.${'0'.repeat(200_000)}1s`)).toBe(0n);
    expect(parseDuration(`${'0'.repeat(200_000)}1s`)).toBe(SECOND);
  });
});

describe('formatDuration', () => {
  test.each<[bigint, string]>([
    [0n, '0s'],
    [1n, '1ns'],
    [750n, '750ns'],
    [1_100n, '1.1\u00b5s'],
    [1_500n, '1.5\u00b5s'],
    [2_200_000n, '2.2ms'],
    [123_456_789n, '123.456789ms'],
    [250n * MILLISECOND, '250ms'],
    [1_500n * MILLISECOND, '1.5s'],
    [3_300n * MILLISECOND, '3.3s'],
    [60n * SECOND, '1m0s'],
    [2n * MINUTE + 3_250n * MILLISECOND, '2m3.25s'],
    [HOUR, '1h0m0s'],
    [2n * HOUR + 45n * MINUTE + 30_500n * MILLISECOND, '2h45m30.5s'],
    [4n * MINUTE + 5_001n * MILLISECOND, '4m5.001s'],
    [5n * HOUR + 6n * MINUTE + 7_001n * MILLISECOND, '5h6m7.001s'],
    [8n * MINUTE + 1n, '8m0.000000001s'],
    [-1_200n * MILLISECOND, '-1.2s'],
    [LARGEST, '2562047h47m16.854775807s'],
    [SMALLEST, '-2562047h47m16.854775808s'],
  ])('writes %d as %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });

  test('refuses what 64 bits cannot hold', () => {
    expect(() => formatDuration(LARGEST + 1n)).toThrow(InvalidInputError);
    expect(() => formatDuration(SMALLEST - 1n)).toThrow(InvalidInputError);
  });
});

const anyDuration = fc.bigInt({ min: SMALLEST, max: LARGEST });

test('every duration reads back as it was written', () => {
  fc.assert(
    fc.property(anyDuration, (nanoseconds) => {
      expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds);
    }),
    { numRuns: 2_000 },
  );
});

test('small durations read back as well', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -10n * SECOND, max: 10n * SECOND }), (nanoseconds) => {
      expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds);
    }),
    { numRuns: 2_000 },
  );
});

test('any text is a duration or an error of ours', () => {
  const piece = fc.constantFrom(
    '1',
    '.',
    '5',
    's',
    'ms',
    'h',
    '-',
    'u',
    '\u00b5s',
    ' ',
    '999999999999',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        try {
          const value = parseDuration(text);
          expect(value <= LARGEST && value >= SMALLEST).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

describe('milliseconds', () => {
  test('keep fractions', () => {
    expect(durationToMs(1_500_000n)).toBe(1.5);
    expect(durationToMs(-1_500_000n)).toBe(-1.5);
    expect(durationFromMs(0.5)).toBe(500_000n);
    expect(durationFromMs(-2.25)).toBe(-2_250_000n);
    expect(durationFromMs(30_000)).toBe(30n * SECOND);
  });

  test('come back as they were for whole numbers', () => {
    fc.assert(
      fc.property(fc.integer(), (milliseconds) => {
        expect(durationToMs(durationFromMs(milliseconds))).toBe(milliseconds);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300])('refuse %d', (milliseconds) => {
    expect(() => durationFromMs(milliseconds)).toThrow(InvalidInputError);
  });
});
