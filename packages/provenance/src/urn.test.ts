import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildActionUrn,
  buildEdgeUrn,
  buildKernelUrn,
  buildOccurrentUrn,
  isUrn,
  parseUrn,
} from './urn.js';

const time = 1_773_518_402_000;

describe('URNs', () => {
  it('have the forms of both generations of the protocol', () => {
    expect(buildActionUrn('CK.Task', 'task.create', time)).toBe(
      'ckp://Action#CK.Task.task.create-1773518402000',
    );
    expect(
      buildActionUrn('Delvinator.Core', 'exchange.parse', 1_712_345_678, { style: 'slash' }),
    ).toBe('ckp://Action#Delvinator.Core/exchange.parse-1712345678');
    expect(buildKernelUrn('CK.Task')).toBe('ckp://Kernel#CK.Task:v1.0');
    expect(buildKernelUrn('CK.Task', 'v1.2.3')).toBe('ckp://Kernel#CK.Task:v1.2.3');
    expect(buildEdgeUrn('COMPOSES')).toBe('ckp://Edge#COMPOSES');
    expect(buildOccurrentUrn('A', 'b', 'c', 5)).toBe('ckp://Occurrent#A/b/c-5');
  });

  it('are taken apart into what they were made of', () => {
    expect(parseUrn('ckp://Kernel#CK.Task:v1.0')).toEqual({
      type: 'Kernel',
      name: 'CK.Task',
      version: 'v1.0',
    });
    expect(parseUrn('ckp://Action#A/b.c-12')).toEqual({
      type: 'Action',
      name: 'A/b.c',
      timestampMs: 12,
      kernel: 'A',
      action: 'b.c',
    });
  });

  it('round-trip any name without spaces and controls', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are refused.
      return !/[\u0000-\u0020\u007f]/.test(text) && !/[\ud800-\udfff]/u.test(text);
    });
    fc.assert(
      fc.property(name, name, (kernel, action) => {
        const urn = buildActionUrn(kernel, action, time, { style: 'slash' });
        expect(urn).toMatch(/^[\x21-\x7e]+$/);
        expect(parseUrn(urn)).toMatchObject({ kernel, action, timestampMs: time });
      }),
    );
  });

  it('are refused when they would not be one', () => {
    for (const bad of ['', 'a b', 'a\n', '\u007f', '\ud800']) {
      expect(() => buildKernelUrn(bad)).toThrow(/cannot be part of a URN/);
    }
    expect(() => buildKernelUrn('A', '1.0')).toThrow(/vX\.Y/);
    for (const text of [
      '',
      'urn:x',
      'ckp://Kernel#',
      'ckp://kernel#A',
      'ckp://Kernel#a b',
      'ckp://Action#a//b',
      'ckp://Kernel#%',
    ]) {
      expect(isUrn(text)).toBe(false);
    }
  });
});
