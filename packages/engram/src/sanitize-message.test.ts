import { utf8Length } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, sanitizeMessage } from './sanitize-message.js';

describe('a persisted message', () => {
  it.each([
    ['Authorization: Bearer abc.def', 'Authorization: [REDACTED] [REDACTED]'],
    ['authorization :basic dXNlcg==, next', 'authorization :[REDACTED] [REDACTED], next'],
    ['api_key=abc&token=def', 'api_key=[REDACTED]&token=[REDACTED]'],
    [
      '{"password": "p w", "client-secret":"s"}',
      '{"password": "[REDACTED] w", "client-secret":"[REDACTED]"}',
    ],
    ["X-API-Key: 'k1'; rest", "X-API-Key: '[REDACTED]'; rest"],
    ['accesstoken=a refresh-token : b', 'accesstoken=[REDACTED] refresh-token : [REDACTED]'],
    ['TOKEN=abc}', 'TOKEN=[REDACTED]}'],
    ['the token was missing', 'the token was missing'],
    ['token=', 'token='],
    ['secret=\\x', 'secret=\\x'],
    ['token= token: abc', 'token= [REDACTED] [REDACTED]'],
    ['token= password": "abc"', 'token= [REDACTED]": "[REDACTED]"'],
    ['token=password=abc def', 'token=[REDACTED] def'],
    ['authorization: bearer token= abc', 'authorization: [REDACTED] [REDACTED] [REDACTED]'],
    [
      'Authorization: Basic authorization: basic abc',
      'Authorization: [REDACTED] [REDACTED] [REDACTED] [REDACTED]',
    ],
  ])('shows %j as %j', (message, shown) => {
    expect(sanitizeMessage(message)).toBe(shown);
  });

  it('is cut to 8,192 bytes between characters; shorter ones pass, and so does everything without a limit', () => {
    expect(sanitizeMessage('é'.repeat(5_000))).toBe('é'.repeat(4_096));
    expect(sanitizeMessage(`a${'😀'.repeat(3_000)}`)).toBe(`a${'😀'.repeat(2_047)}`);
    expect(sanitizeMessage('short')).toBe('short');
    expect(sanitizeMessage('abc', 2)).toBe('ab');
    const long = 'x'.repeat(MAX_MESSAGE_BYTES + 1);
    expect(sanitizeMessage(long, 0)).toBe(long);
    expect(sanitizeMessage(long, -1)).toBe(long);
  });

  const fragments = fc.constantFrom(
    'token',
    'password',
    '=',
    ':',
    ' ',
    '"',
    "'",
    'Authorization',
    'Bearer',
    'Basic ',
    'abc',
    ',',
    ']',
    '[REDACTED]',
    'é',
    '😀',
    '\n',
  );
  const texts = fc.oneof(
    fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );

  it('never exceeds its limit and does not change any more when it is sanitised again', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), (message, limit) => {
        expect(utf8Length(sanitizeMessage(message, limit))).toBeLessThanOrEqual(limit);
        const settled = sanitizeMessage(sanitizeMessage(message));
        expect(sanitizeMessage(settled)).toBe(settled);
      }),
    );
  });

  it('never shows the value of a named secret', () => {
    const value = fc.string({ unit: fc.constantFrom(...'QWXZ0189'), minLength: 4, maxLength: 20 });
    const name = fc.constantFrom(
      'token',
      'api-key',
      'API_KEY',
      'Client_Secret',
      'password',
      'x-api-key',
    );
    const join = fc.constantFrom('=', ': ', '":"', "' : '");
    fc.assert(
      fc.property(name, join, value, texts, (key, between, hidden, before) => {
        expect(sanitizeMessage(`${before} ${key}${between}${hidden}`, 0)).not.toContain(hidden);
      }),
    );
  });

  it('takes linear time for text that almost matches', () => {
    const began = performance.now();
    sanitizeMessage('authorization'.repeat(20_000));
    sanitizeMessage(`token${' '.repeat(300_000)}`);
    sanitizeMessage('"'.repeat(300_000));
    sanitizeMessage('token='.repeat(50_000));
    sanitizeMessage('authorization: bearer '.repeat(15_000));
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});
