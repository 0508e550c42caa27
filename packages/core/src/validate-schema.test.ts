import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { EngramkitError, InvalidInputError } from './error.js';
import type { StandardSchemaIssue, StandardSchemaV1 } from './standard-schema.js';
import { validateSchema } from './validate-schema.js';

function reporting(issues: readonly StandardSchemaIssue[]): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } };
}

async function refusal(
  schema: StandardSchemaV1,
  value: unknown,
  redactPaths?: readonly string[],
): Promise<EngramkitError> {
  const options = { what: 'the inputs', ...(redactPaths === undefined ? {} : { redactPaths }) };
  return validateSchema(schema, value, options).then(
    () => {
      throw new Error('accepted');
    },
    (error: unknown) => {
      if (error instanceof EngramkitError) return error;
      throw error;
    },
  );
}

describe('validateSchema', () => {
  test('returns what the schema makes of the value', async () => {
    const schema = z.object({ a: z.string().transform(Number), b: z.int().default(7) });
    const value = await validateSchema(schema, { a: '5' }, { what: 'the inputs' });
    expect(value).toEqual({ a: 5, b: 7 });
    const slow = z.string().refine(async () => true);
    await expect(validateSchema(slow, 'x', { what: 'it' })).resolves.toBe('x');
  });

  test('lists every issue with its path', async () => {
    const schema = z.object({ a: z.int(), list: z.array(z.object({ 'b/c': z.boolean() })) });
    const error = await refusal(schema, { a: 'x', list: [{ 'b/c': 1 }] });
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toMatch(
      /^the inputs do not match the schema: \/a: .+; \/list\/0\/b~1c: .+/,
    );
    expect(error.details).toMatchObject({
      count: 2,
      issues: [{ path: '/a' }, { path: '/list/0/b~1c' }],
    });
  });

  test('speaks of one thing and of several', async () => {
    const one = validateSchema(z.int(), 'x', { what: 'the config' });
    await expect(one).rejects.toThrow(/^the config does not match the schema: /);
  });

  test('lists twenty issues and counts the rest', async () => {
    const error = await refusal(
      z.array(z.int()),
      Array.from({ length: 50 }, () => 'x'),
    );
    expect(error.message).toMatch(/; and 30 more$/);
    expect(error.details).toMatchObject({ count: 50 });
    expect(error.details?.issues).toHaveLength(20);
  });

  test('takes paths of keys and of segments', async () => {
    const error = await refusal(
      reporting([{ message: 'no', path: ['a', { key: 0 }, Symbol('s')] }]),
      1,
    );
    expect(error.message).toContain('/a/0/Symbol(s): no');
  });

  test('takes the values out of messages that quote them', async () => {
    const value = { token: 'hunter2-hunter2', nested: { pin: 123456 }, text: 'say "hi" now' };
    const error = await refusal(
      reporting([
        { message: 'received "hunter2-hunter2"', path: ['token'] },
        { message: 'must be below 5 (was 123456)', path: ['nested'] },
        { message: `unknown ${JSON.stringify(value.text)}`, path: ['text'] },
        { message: `cannot use ${JSON.stringify(value)}` },
      ]),
      value,
    );
    for (const hidden of ['hunter2', '123456', 'say']) {
      expect(`${error.message}${JSON.stringify(error)}`).not.toContain(hidden);
    }
    expect(error.message).toContain('/nested: must be below 5 (was …)');
  });

  test('never shows a value, whatever the library says about it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 8, unit: 'grapheme-ascii' }),
        fc.constantFrom('token', 'other'),
        async (secret, key) => {
          fc.pre(
            !'the inputs do not match the schema: /token: received and expected other'.includes(
              secret,
            ),
          );
          const quoting = reporting([
            { message: `received ${secret} and ${JSON.stringify(secret)}`, path: [key] },
          ]);
          const error = await refusal(quoting, { [key]: [{ deep: secret }] });
          expect(error.message).not.toContain(secret);
          expect(error.message).not.toContain(JSON.stringify(secret));
        },
      ),
    );
  });

  test('says nothing but that it is invalid below redacted paths', async () => {
    const issues = [
      { message: 'reason', path: ['auth', 'token'] },
      { message: 'reason', path: ['auth'] },
      { message: 'reason', path: ['authority'] },
    ];
    const error = await refusal(reporting(issues), {}, ['/auth']);
    expect(error.message).toContain(
      '/auth/token: is invalid; /auth: is invalid; /authority: reason',
    );
  });

  test('bounds what a library may say', async () => {
    const error = await refusal(
      reporting([{ message: 'x'.repeat(100_000), path: ['k'.repeat(100_000)] }]),
      1,
    );
    expect(error.message.length).toBeLessThan(2_000);
  });

  test('tells a schema that throws from a value that does not match', async () => {
    const thrown = new Error('bug');
    const schema = z.string().refine(() => {
      throw thrown;
    });
    const error = await refusal(schema, 'x');
    expect(error).toMatchObject({ code: 'SCHEMA_FAILED', cause: thrown });
  });
});
