import { describe, expect, it } from 'vitest';
import { pyBytes, pyDate, pyDatetime, pyDecimal, pyTimedelta, pyUuid } from './index.js';

describe('the texts of Python values', () => {
  const at = new Date('2026-03-30T22:12:29Z');

  it('are those that str() gives', () => {
    expect(pyDate({ year: 2026, month: 3, day: 30 })).toBe('2026-03-30');
    expect(pyDate(at)).toBe('2026-03-30');
    expect(pyDatetime(at)).toBe('2026-03-30 22:12:29');
    expect(
      pyDatetime(new Date('2026-03-31T02:12:29Z'), { offsetMinutes: -240, microseconds: 5 }),
    ).toBe('2026-03-30 22:12:29.000005-04:00');
    expect(pyDatetime(at, { offsetMinutes: 0 })).toBe('2026-03-30 22:12:29+00:00');
    expect(pyTimedelta(86_403_000)).toBe('1 day, 0:00:03');
    expect(pyTimedelta(-500)).toBe('-1 day, 23:59:59.500000');
    expect(pyTimedelta(0)).toBe('0:00:00');
    for (const [text, python] of [
      ['1.10', '1.10'],
      ['1e3', '1E+3'],
      ['+0.00', '0.00'],
      ['.5', '0.5'],
      ['-0', '-0'],
      ['0.0000001', '1E-7'],
      ['1_0', undefined],
      ['nan', 'NaN'],
      ['-inf', '-Infinity'],
      ['007.0', '7.0'],
    ] as const) {
      if (python === undefined)
        expect(() => pyDecimal(text)).toThrow(
          expect.objectContaining({ code: 'INVALID_PYTHON_VALUE' }),
        );
      else expect(pyDecimal(text), text).toBe(python);
    }
    expect(pyUuid('{12345678-1234-5678-1234-567812345678}')).toBe(
      '12345678-1234-5678-1234-567812345678',
    );
    expect(pyBytes(Buffer.from('ab\xff', 'latin1'))).toBe("b'ab\\xff'");
    expect(pyBytes(Buffer.from("it's"))).toBe('b"it\'s"');
    expect(pyBytes(Buffer.from('\'"\\\n\t\r\0'))).toBe("b'\\'\"\\\\\\n\\t\\r\\x00'");
  });

  it.each([
    ['a day that does not exist', () => pyDate({ year: 2026, month: 2, day: 30 })],
    ['a year that Python has not', () => pyDate({ year: 0, month: 1, day: 1 })],
    ['an invalid Date', () => pyDatetime(new Date(Number.NaN))],
    ['an offset of a day', () => pyDatetime(at, { offsetMinutes: 1440 })],
    ['microseconds that are milliseconds', () => pyDatetime(at, { microseconds: 1000 })],
    ['no duration', () => pyTimedelta(Number.NaN)],
    ['an endless duration', () => pyTimedelta(Number.POSITIVE_INFINITY)],
    ['no decimal', () => pyDecimal('1.2.3')],
    ['no UUID', () => pyUuid('1234')],
  ])('are refused for %s', (_, convert) => {
    expect(convert).toThrow(
      expect.objectContaining({ code: 'INVALID_PYTHON_VALUE', hint: expect.any(String) }),
    );
  });
});
