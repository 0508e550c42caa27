import { BatchHarness, BatchSuite, validateStructuredError } from '@engramkit/testing';
import { StructuredError } from 'engramkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { Config, Inputs } from '../src/config.js';
import HttpRequest from '../src/http-request.js';
import { atPath } from '../src/json-path.js';
import { json, loopbackServer } from './loopback-server.js';

function harness(
  config: z.input<typeof Config>,
  inputs: z.input<typeof Inputs>,
  secrets: Record<string, string> = {},
) {
  return new BatchHarness(HttpRequest, {
    config: Config.parse(config),
    inputs: Inputs.parse(inputs),
    secrets,
  });
}

test('refuses to guess an address, with the text that stories rely on', async () => {
  await new BatchSuite({
    engram: HttpRequest,
    config: Config.parse({}),
    inputs: Inputs.parse({}),
    expectError: true,
    validateError: (error) =>
      expect((error as Error).message).toBe("input 'url' is a required string"),
  }).run();
});

test('sends what config and inputs say together, and returns the parsed answer', async () => {
  await using server = await loopbackServer((_request, response) => json(response, { ok: true }));
  const output = await harness(
    {
      defaultHeaders: { accept: 'text/plain', 'x-one': '1' },
      queryParams: { arrayFormat: 'brackets' },
    },
    {
      url: `${server.url}/a?b=c`,
      method: 'post',
      headers: { Accept: 'application/json' },
      params: { tag: ['x', 'y'], n: 1 },
      body: 'hi',
    },
  ).run();
  expect(output).toMatchObject({
    statusCode: 200,
    status: '200 OK',
    headers: { 'Content-Type': 'application/json' },
    body: { ok: true },
  });
  expect(server.seen).toEqual([
    {
      method: 'POST',
      path: '/a?b=c&tag%5B%5D=x&tag%5B%5D=y&n=1',
      headers: expect.objectContaining({ accept: 'application/json', 'x-one': '1' }),
      body: 'hi',
    },
  ]);
});

test.each([
  [{ type: 'bearer' }, { bearer_token: 't0k' }, 'authorization', 'Bearer t0k'],
  [
    { type: 'basic' },
    { basic_username: 'ada', basic_password: 'pw' },
    'authorization',
    'Basic YWRhOnB3',
  ],
  [{ type: 'customHeader', headerName: 'X-Key' }, { custom_header_value: 'k' }, 'x-key', 'k'],
  [{ type: 'bearer' }, {}, 'authorization', undefined],
] as const)('authenticates by %j', async (auth, secrets, header, value) => {
  await using server = await loopbackServer((_request, response) => json(response, {}));
  await harness({ auth, defaultURL: server.url }, {}, secrets).run();
  expect(server.seen[0]?.headers[header]).toBe(value);
});

test('keeps credentials from the origin that a redirect leads to', async () => {
  await using other = await loopbackServer((_request, response) => json(response, { here: true }));
  await using server = await loopbackServer((_request, response) => {
    response.writeHead(302, { location: `${other.url}/moved` }).end();
  });
  const output = await harness(
    { auth: { type: 'bearer' } },
    { url: server.url },
    { bearer_token: 't0k' },
  ).run();
  expect(output.body).toEqual({ here: true });
  expect(server.seen[0]?.headers.authorization).toBe('Bearer t0k');
  expect(other.seen[0]?.headers.authorization).toBeUndefined();
});

test('stops after the configured number of redirects', async () => {
  await using server = await loopbackServer((_request, response) => {
    response.writeHead(302, { location: '/again' }).end();
  });
  await expect(
    harness({ redirects: { maxRedirects: 2 } }, { url: server.url }).run(),
  ).rejects.toThrow('stopped after 2 redirects');
  expect(server.seen).toHaveLength(3);
  const kept = await harness(
    { redirects: { follow: false }, neverError: true },
    { url: server.url },
  ).run();
  expect(kept.statusCode).toBe(302);
});

test.each([
  [404, false, 'terminal'],
  [429, true, 'rateLimited'],
  [503, true, 'retry'],
])('reports status %i as a structured error', async (statusCode, retryable, exitClass) => {
  await using server = await loopbackServer((_request, response) =>
    json(response, { why: 'x' }, statusCode),
  );
  const error: unknown = await harness({}, { url: server.url })
    .run()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StructuredError);
  const { payload } = error as StructuredError;
  validateStructuredError(payload);
  expect(payload.message).toMatch(`http request failed with status ${statusCode}`);
  expect(payload.retryable ?? false).toBe(retryable);
  expect(payload.exitClass ?? (retryable ? 'retry' : 'terminal')).toBe(exitClass);
});

test('succeeds whatever happens when errors are switched off', async () => {
  await using server = await loopbackServer((_request, response) => json(response, {}, 500));
  expect(await harness({ neverError: true }, { url: server.url }).run()).toMatchObject({
    statusCode: 500,
    error: { statusCode: 500 },
  });
  const unreachable = await harness({ neverError: true }, { url: 'http://127.0.0.1:1/' }).run();
  expect(unreachable.error).toMatchObject({
    message: expect.stringContaining('failed to execute'),
  });
});

test('answers in the configured form', async () => {
  await using server = await loopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/pdf' }).end('hello file');
  });
  const run = (response: z.input<typeof Config>['response']) =>
    harness({ response }, { url: server.url }).run();
  expect(await run({ format: 'file', includeStatus: false, includeHeaders: false })).toEqual({
    body: {
      encoding: 'base64',
      data: 'aGVsbG8gZmlsZQ==',
      sizeBytes: 10,
      contentType: 'application/pdf',
    },
  });
  expect(await run({ format: 'text', outputFieldName: 'text' })).toMatchObject({
    text: 'hello file',
  });
  await expect(run({ format: 'json' })).rejects.toThrow('failed to parse response body as JSON');
});

test('follows pages by address and by parameter', async () => {
  await using server = await loopbackServer(({ path }, response) => {
    const page = Number(new URL(path, 'http://x').searchParams.get('page') ?? 1);
    const data = page > 3 ? [] : [page * 10, page * 10 + 1];
    json(response, { data, next: page < 3 ? `/list?page=${page + 1}` : null });
  });
  const url = `${server.url}/list`;
  const byAddress = await harness(
    { pagination: { mode: 'nextUrl', resultsPath: '$.data', nextURLPath: '$.next' } },
    { url },
  ).run();
  expect(byAddress.body).toEqual([10, 11, 20, 21, 30, 31]);
  const updateParam = { name: 'page', type: 'page' as const };
  const byParameter = await harness(
    { pagination: { mode: 'updateParam', resultsPath: '$.data[*]', updateParam, maxPages: 2 } },
    { url },
  ).run();
  expect(byParameter.body).toEqual([10, 11, 20, 21]);
});

test('does not follow a page to another origin', async () => {
  await using server = await loopbackServer((_request, response) =>
    json(response, { data: [1], next: 'https://evil.example/' }),
  );
  await expect(
    harness(
      { pagination: { mode: 'nextUrl', resultsPath: '$.data', nextURLPath: '$.next' } },
      { url: server.url },
    ).run(),
  ).rejects.toThrow('origin change');
});

test('gives up at its timeout and when the step is cancelled', async () => {
  await using server = await loopbackServer(() => undefined);
  await expect(harness({ timeout: '30ms' }, { url: server.url }).run()).rejects.toThrow(
    'failed to execute',
  );
  const cancelled = harness({}, { url: server.url });
  const run = cancelled.run();
  cancelled.context.abort();
  await expect(run).rejects.toBe(cancelled.context.signal.reason);
});

test('reads the plain subset of JSONPath', () => {
  const root = { a: { b: [{ c: 1 }] }, 'odd key': 2 };
  expect(atPath(root, '$.a.b[0].c')).toBe(1);
  expect(atPath(root, "$['odd key']")).toBe(2);
  expect(atPath(root, '$.a.b[*]')).toEqual([{ c: 1 }]);
  expect(atPath(root, '$.a.x.y')).toBeUndefined();
  expect(atPath(root, '$.constructor')).toBeUndefined();
});

test('takes the class as documentation says', () => {
  expect(z.toJSONSchema(HttpRequest.spec.inputs, { io: 'input' })).toHaveProperty('properties.url');
});
