import { contentId, memoryIdempotencyStore, parsePythonJson } from '@engramkit/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pick } from '../../test/pick.js';
import {
  createFunctionsApp,
  defineFunction,
  EchoFunction,
  FunctionRegistry,
  FunctionRuntime,
  type FunctionsAppOptions,
  type GovernedFunction,
  memoryChronicle,
  sharedTokens,
} from '../index.js';

const free = { gsap_required: false } as const;

async function appOf(functions: readonly GovernedFunction[], options: FunctionsAppOptions = {}) {
  const registry = new FunctionRegistry();
  for (const one of functions) registry.register(one);
  const chronicle = memoryChronicle();
  const runtime = new FunctionRuntime(registry, chronicle, {
    idempotency: { store: memoryIdempotencyStore() },
  });
  const open = options.authenticate === undefined ? { anonymous: true } : {};
  const app = await createFunctionsApp(runtime, { ...open, ...options });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.fetch(new Request(`http://x${path}`, { headers }));
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    app.fetch(
      new Request(`http://x${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      }),
    );
  return { app, runtime, chronicle, get, post };
}

const greet = defineFunction(
  {
    function_id: 'greet',
    event: z.object({ name: z.string() }),
    trigger_events: ['VISIT'],
    ...free,
  },
  ({ name }) => ({ greeting: `Hello, ${name}` }),
);
const strict = defineFunction({ function_id: 'strict', trigger_events: ['VISIT'] }, () => 'in');

describe('the routes', () => {
  it('show the catalogue, one function with its version as ETag, and 404 for others', async () => {
    const { get, runtime } = await appOf([greet, strict]);
    expect(await (await get('/functions/')).json()).toEqual({
      functions: runtime.registry.entries().map(({ descriptor }) => ({ ...descriptor })),
      count: 2,
      trigger_index: { VISIT: ['greet', 'strict'] },
    });
    const one = await get('/functions/greet');
    expect(one.headers.get('content-type')).toBe('application/ld+json');
    const etag = one.headers.get('etag') ?? '';
    expect(etag).toBe(`"${contentId(await one.json())}"`);
    expect((await get('/functions/greet', { 'if-none-match': etag })).status).toBe(304);
    const missing = await get('/functions/nobody');
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toBe('application/problem+json');
    expect(await missing.json()).toMatchObject({ status: 404, code: 'UNKNOWN_FUNCTION' });
    expect((await get('/nowhere')).status).toBe(404);
    const wrong = await get('/functions/dispatch/');
    expect(wrong.status).toBe(404);
    const method = await get('/functions/greet/invoke');
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('invoke, with what the receiver needs to check the content id', async () => {
    const { post } = await appOf([new EchoFunction()]);
    const reply = await post(
      '/functions/echo/invoke',
      '{"event":{"f":1.0,"i":1,"big":123456789012345678901,"z":-0.0}}',
    );
    expect(reply.status).toBe(200);
    const body = parsePythonJson(await reply.text()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual([
      'success',
      'data',
      'error',
      'lineage_cid',
      'duration_ms',
      'metadata',
      'output_cid',
      'invocation_id',
    ]);
    expect(contentId(body.data)).toBe(body.output_cid);
    expect(body.invocation_id).toBe((body.metadata as Record<string, unknown>).invocation_id);
  });

  it('give any event an input id as Python computes it', async () => {
    const { post, chronicle } = await appOf([new EchoFunction()]);
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        if (text.includes('__proto__')) return;
        await post('/functions/echo/invoke', `{"event":${text}}`);
        const { event } = chronicle.list().at(-1) ?? {};
        expect(event?.data.input_cid).toBe(contentId(parsePythonJson(text)));
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, string, number]>([
    ['/functions/nobody/invoke', '{}', 404],
    ['/functions/strict/invoke', '{}', 403],
    ['/functions/greet/invoke', '[]', 400],
    ['/functions/greet/invoke', '{"event":{},"extra":1}', 400],
    ['/functions/greet/invoke', '{"context":{"body":"x"}}', 400],
    ['/functions/greet/invoke', '{"context":{"invocation_id":7}}', 400],
    ['/functions/greet/invoke', '{"event":{"name":1}}', 200],
    ['/functions/dispatch', '{"event":{}}', 400],
    ['/functions/dispatch', '{"event_kind":"NOBODY"}', 200],
  ])('%s with %s answers %i', async (path, body, status) => {
    const { post } = await appOf([greet, strict]);
    expect((await post(path, body)).status).toBe(status);
  });

  it('dispatch to every target, each with its own result', async () => {
    const { post } = await appOf([greet, strict]);
    const reply = await post(
      '/functions/dispatch',
      '{"event_kind":"VISIT","event":{"name":"Ada"}}',
    );
    expect(await reply.json()).toMatchObject({
      event_kind: 'VISIT',
      trigger_event_cid: contentId({ kind: 'VISIT', event: { name: 'Ada' } }),
      results: [
        { function_id: 'greet', success: true, data: { greeting: 'Hello, Ada' } },
        { function_id: 'strict', success: false, error: 'GSAP context required but not provided' },
      ],
    });
  });

  it('write manifests as JSON or YAML, and ask for the image', async () => {
    const { get } = await appOf([greet]);
    expect((await get('/functions/greet/manifest')).status).toBe(400);
    expect((await get('/functions/greet/manifest?image=a%20b')).status).toBe(400);
    const json = await get('/functions/greet/manifest?image=i&namespace=prod');
    expect(await json.json()).toMatchObject({ kind: 'Service', metadata: { namespace: 'prod' } });
    const yaml = await get('/functions/greet/manifest?image=i', { accept: 'application/yaml' });
    expect(yaml.headers.get('content-type')).toBe('application/yaml');
    expect(await yaml.text()).toMatch(/^apiVersion: serving\.knative\.dev\/v1\nkind: Service\n/);
  });

  it('report health: a check that throws or hangs counts as ill', async () => {
    const ill = defineFunction(
      {
        function_id: 'ill',
        health: () => {
          throw new Error('x');
        },
      },
      () => 1,
    );
    const hung = defineFunction(
      { function_id: 'hung', health: () => new Promise(() => undefined) },
      () => 1,
    );
    const { get } = await appOf([greet, ill, hung], { healthTimeoutMs: 5 });
    const all = await get('/functions/health');
    expect(all.status).toBe(503);
    expect(await all.json()).toEqual({
      status: 'degraded',
      functions: { greet: true, ill: false, hung: false },
    });
    expect(await (await get('/functions/greet/health')).json()).toEqual({
      function_id: 'greet',
      healthy: true,
    });
    expect((await get('/functions/ill/health')).status).toBe(503);
  });

  it('carry out a key once', async () => {
    let calls = 0;
    const count = defineFunction({ function_id: 'count', ...free }, () => ++calls);
    const { post } = await appOf([count]);
    const key = { 'idempotency-key': 'k1' };
    const first = await (await post('/functions/count/invoke', '{}', key)).json();
    const second = await (await post('/functions/count/invoke', '{}', key)).json();
    expect([calls, pick(second, 'output_cid'), pick(second, 'metadata', 'replayed')]).toEqual([
      1,
      pick(first, 'output_cid'),
      true,
    ]);
    expect((await post('/functions/count/invoke', '{"event":1}', key)).status).toBe(422);
    expect((await post('/functions/count/invoke', '{}', { 'idempotency-key': 'a b' })).status).toBe(
      400,
    );
  });

  it('show lineage, metrics, OpenAPI and probes', async () => {
    const { app, get, post } = await appOf([greet, strict]);
    const called = await await post('/functions/greet/invoke', '{"event":{"name":"A"}}');
    const cid = pick(await called.json(), 'lineage_cid');
    expect(await (await get(`/lineage/${cid}`)).json()).toMatchObject({
      valid: true,
      steps: [{ cid }, { event: { type: 'dev.gsap.function.invoked' } }],
    });
    expect((await get('/lineage/sha256:none')).status).toBe(404);
    await post('/functions/strict/invoke', '{}');
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain(
      'engramkit_function_calls_total{function="greet",outcome="success"} 1\n',
    );
    expect(metrics).toContain('outcome="GSAP_CONTEXT_REQUIRED"} 1');
    expect(metrics).toContain('engramkit_function_in_flight{function="greet"} 0');
    const openApi = await (await get('/openapi.json')).json();
    const operation = pick(openApi, 'paths', '/functions/greet/invoke', 'post', 'requestBody');
    const schema = pick(operation, 'content', 'application/json', 'schema');
    expect(pick(schema, 'properties', 'event', 'required')).toEqual(['name']);
    expect((await get('/readyz')).status).toBe(200);
    app.drain();
    expect((await get('/readyz')).status).toBe(503);
    expect((await get('/livez')).status).toBe(200);
  });

  it('continue the trace of the caller', async () => {
    let seen: unknown;
    const traced = defineFunction(
      { function_id: 'traced', ...free },
      (_event, _context, { trace }) => {
        seen = trace;
      },
    );
    const { post } = await appOf([traced]);
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, tracestate: 'a=1' };
    const reply = await post('/functions/traced/invoke', '{}', headers);
    const child = reply.headers.get('traceparent') ?? '';
    expect(child).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    expect(seen).toEqual({ traceparent: child, tracestate: 'a=1' });
    for (const bad of [
      `ff-${trace}-00f067aa0ba902b7-01`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      'x',
    ]) {
      const answer = await post('/functions/traced/invoke', '{}', { traceparent: bad });
      expect([answer.status, answer.headers.get('traceparent')]).toEqual([200, null]);
    }
  });
});

describe('authentication', () => {
  it('must be settled one way or the other', async () => {
    const runtime = new FunctionRuntime(new FunctionRegistry());
    await expect(createFunctionsApp(runtime)).rejects.toMatchObject({
      code: 'AUTHENTICATION_REQUIRED',
    });
  });

  it('refuses requests without a valid token, except probes, and names the caller to the function', async () => {
    const who = defineFunction(
      { function_id: 'who', ...free },
      (_e, _c, { principal }) => principal?.id ?? null,
    );
    const { get, post } = await appOf([who], {
      authenticate: sharedTokens(new Map([['s3cret', 'ada']])),
    });
    expect((await get('/readyz')).status).toBe(200);
    const refused = await get('/functions/');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await get('/', { authorization: 'Bearer wrong' })).status).toBe(401);
    const reply = await post('/functions/who/invoke', '{}', { authorization: 'Bearer s3cret' });
    expect(await reply.json()).toMatchObject({ data: 'ada' });
  });

  it('takes a verifier that throws for a refusal and says nothing about it', async () => {
    const authenticate = () => Promise.reject(new Error('key server: hunter2'));
    const { get } = await appOf([], { authenticate });
    const reply = await get('/functions/');
    expect([reply.status, (await reply.text()).includes('hunter2')]).toEqual([401, false]);
  });
});

describe('CloudEvents', () => {
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/shop',
    type: 'VISIT',
    data: { name: 'Ada' },
  };
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
  const binary = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/shop',
    'ce-type': 'VISIT',
  };

  it('arrive in structured, binary and batch mode with the same meaning', async () => {
    const { post } = await appOf([greet, strict]);
    const one = await (await post('/functions/dispatch', JSON.stringify(event), structured)).json();
    expect(one).toMatchObject({
      event_kind: 'VISIT',
      results: [{ data: { greeting: 'Hello, Ada' } }, {}],
    });
    const two = await (await post('/functions/dispatch', '{"name":"Ada"}', binary)).json();
    const cid = pick(one, 'trigger_event_cid');
    expect(pick(two, 'trigger_event_cid')).toBe(cid);
    expect(pick(two, 'results', 0, 'metadata', 'replayed')).toBe(true);
    const batch = await post(
      '/functions/dispatch',
      JSON.stringify([event, { ...event, id: '2' }]),
      {
        'content-type': 'application/cloudevents-batch+json',
      },
    );
    const events = pick(await batch.json(), 'events');
    expect(pick(events, 0, 'trigger_event_cid')).toBe(cid);
    expect(pick(events, 1, 'trigger_event_cid')).not.toBe(cid);
  });

  it('carry the context in extensions', async () => {
    const { post } = await appOf([strict]);
    const reply = await post(
      '/functions/dispatch',
      JSON.stringify({ ...event, gsapcontextid: 'ac' }),
      structured,
    );
    expect(await reply.json()).toMatchObject({ results: [{ success: true, data: 'in' }] });
  });

  const { id: _id, ...withoutId } = event;
  const { source: _source, ...withoutSource } = event;
  const { type: _type, ...withoutType } = event;
  const { specversion: _version, ...withoutVersion } = event;
  it.each<[string, unknown]>([
    ['specversion', { ...event, specversion: '9.9' }],
    ['specversion', { ...event, specversion: '0.3' }],
    ['specversion', withoutVersion],
    ['id', withoutId],
    ['id', { ...event, id: '' }],
    ['id', { ...event, id: 7 }],
    ['source', withoutSource],
    ['source', { ...event, source: 'a b' }],
    ['type', withoutType],
    ['type', { ...event, type: null }],
    ['time', { ...event, time: 'yesterday' }],
    ['time', { ...event, time: '2026-13-01T00:00:00Z' }],
    ['subject', { ...event, subject: '' }],
    ['dataschema', { ...event, dataschema: '/relative' }],
    ['datacontenttype', { ...event, datacontenttype: 'json' }],
    ['data_base64', { ...event, data_base64: 'AAAA' }],
    ['Extension', { ...event, Extension: 1 }],
    ['nested', { ...event, nested: {} }],
    ['large', { ...event, large: 2 ** 31 }],
  ])('without a valid %s are refused by its name', async (attribute, wrong) => {
    const { post, chronicle } = await appOf([greet]);
    const reply = await post('/functions/dispatch', JSON.stringify(wrong), structured);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      code: 'CLOUD_EVENT_INVALID',
      details: { attribute },
    });
    expect(chronicle.list()).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['specversion', { ...binary, 'ce-specversion': '9.9' }],
    ['id', { 'ce-specversion': '1.0', 'ce-source': '/s', 'ce-type': 'VISIT' }],
    ['datacontenttype', { ...binary, 'ce-datacontenttype': 'application/json' }],
    ['id', { ...binary, ...structured }], // The first header that should not be there.
    ['type', { ...binary, 'ce-type': '%ff' }],
  ])('in binary mode without a valid %s are refused by its name', async (attribute, headers) => {
    const { post } = await appOf([greet]);
    const reply = await post('/functions/dispatch', JSON.stringify(event), headers);
    expect(reply.status).toBe(400);
    expect(pick(await reply.json(), 'details', 'attribute')).toBe(attribute);
  });

  it('of a batch with one bad event have no effect at all, and a batch has a limit', async () => {
    const { post, chronicle } = await appOf([greet]);
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const bad = await post('/functions/dispatch', JSON.stringify([event, withoutId]), headers);
    expect([bad.status, pick(await bad.json(), 'detail')]).toEqual([
      400,
      'The event 1: attribute "id" is missing.',
    ]);
    const many = await post(
      '/functions/dispatch',
      JSON.stringify(Array(10_000).fill(event)),
      headers,
    );
    expect([many.status, pick(await many.json(), 'detail')]).toEqual([
      400,
      'The batch has 10000 events; at most 100 are taken.',
    ]);
    const xml = await post('/functions/dispatch', '<e/>', {
      'content-type': 'application/cloudevents+xml',
    });
    expect(xml.status).toBe(415);
    expect(chronicle.list()).toEqual([]);
  });
});

describe('the page', () => {
  it('escapes everything that functions and callers say, and loads nothing from elsewhere', async () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const odd = defineFunction(
      {
        function_id: 'odd',
        display_name: evil,
        description: evil,
        trigger_events: [evil],
        event: z.object({ a: z.string().describe(evil) }),
        ...free,
      },
      () => 1,
    );
    const { get, post } = await appOf([odd, strict]);
    await post('/functions/dispatch', JSON.stringify({ event_kind: evil, event: { a: 'x' } }));
    const reply = await get('/');
    const html = await reply.text();
    expect(html).not.toContain('<img');
    expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;&#34;');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(html).toContain('succeeded');
    expect((await appOf([], { page: false }).then(({ get: without }) => without('/'))).status).toBe(
      404,
    );
  });
});
