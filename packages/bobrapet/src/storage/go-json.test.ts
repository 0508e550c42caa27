import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goJson, goJsonSize } from './go-json.js';

describe('JSON as Go writes it', () => {
  it.each([
    [{ b: 1, a: '<&>' }, '{"a":"\\u003c\\u0026\\u003e","b":1}'],
    [['\u2028\u2029', '\b\f\u007f'], '["\\u2028\\u2029","\\b\\f\u007f"]'],
    [{ '\ud83d\ude00': 1, '\uff5e': 2 }, '{"\uff5e":2,"\ud83d\ude00":1}'],
    ['\ud800x', '"\ufffdx"'],
    [{ a: [null, true, 1e21, 1e-7, 1.5] }, '{"a":[null,true,1e+21,1e-7,1.5]}'],
  ])('writes %j', (value, text) => {
    expect(goJson(value)).toBe(text);
  });

  it('measures exactly what it writes, up to the limit', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const value = JSON.parse(JSON.stringify(json));
        const bytes = Buffer.byteLength(goJson(value));
        expect(goJsonSize(value)).toBe(bytes);
        expect(goJsonSize(value, 5) > 5).toBe(bytes > 5);
      }),
    );
  });
});
