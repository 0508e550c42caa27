import { manualClock } from '@engramkit/testing';
import { describe, expect, it } from 'vitest';
import { FunctionsClient, FunctionsHttpError } from './functions.js';

interface Shop {
  readonly [id: string]: { readonly event: unknown; readonly data: unknown };
  readonly greet: {
    readonly event: { readonly name: string };
    readonly data: { readonly text: string };
  };
}

/** A host that gives its answers one after the other; an Error is a connection that breaks. */
function host(...answers: readonly (Response | Error)[]) {
  const requests: Request[] = [];
  const ask: typeof fetch = async (url, init) => {
    requests.push(new Request(url as string, init));
    const answer = answers[requests.length - 1];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no more');
    return answer;
  };
  const clock = manualClock();
  const random = { uuid: () => 'key-1', float: () => 0.5 };
  const client = new FunctionsClient<Shop>({
    url: 'http://host/',
    fetch: ask,
    clock,
    random,
    token: 't',
  });
  return { client, requests, clock };
}

const answer = (body: unknown, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });
const outcome = { success: true, data: { text: 'Hello' }, error: null, output_cid: 'sha256:1' };

describe('FunctionsClient', () => {
  it('sends event, context, key, token and trace, and yields what the function says', async () => {
    const { client, requests } = host(answer(outcome));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const context = { gsap_context_id: 'ac' };
    const { data } = await client.invoke('greet', { name: 'Ada' }, { context, traceparent });
    expect(data?.text).toBe('Hello');
    const [request] = requests;
    expect(request?.url).toBe('http://host/functions/greet/invoke');
    expect(await request?.json()).toEqual({ event: { name: 'Ada' }, context });
    const header = (name: string) => request?.headers.get(name);
    expect([header('authorization'), header('idempotency-key'), header('traceparent')]).toEqual([
      'Bearer t',
      'key-1',
      traceparent,
    ]);
  });

  it('tries again under the same key when there is no answer or the host is not ready', async () => {
    const { client, requests, clock } = host(
      new Error('reset'),
      answer({ detail: 'draining' }, 503, { 'retry-after': '2' }),
      answer(outcome),
    );
    const pending = client.invoke('greet', { name: 'Ada' });
    await clock.advance(100);
    expect(requests).toHaveLength(2);
    await clock.advance(1_999);
    expect(requests).toHaveLength(2);
    await clock.advance(1);
    expect((await pending).success).toBe(true);
    expect(new Set(requests.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(clock.pending).toEqual([]);
  });

  it('does not repeat a dispatch that may have begun, unless the event has an id', async () => {
    const once = host(new Error('reset'));
    await expect(once.client.dispatch('E', {})).rejects.toMatchObject({
      code: 'NO_ANSWER',
      status: 0,
    });
    const named = host(new Error('reset'), answer({ results: [] }));
    const pending = named.client.dispatch('E', {}, { context: { trigger_event_cid: 'sha256:1' } });
    await named.clock.advance(1_000);
    expect(await pending).toEqual([]);
  });

  it('says what the host said, and never repeats what cannot help', async () => {
    const problem = { detail: 'Unknown function: greet', code: 'UNKNOWN_FUNCTION', hint: 'Look.' };
    const { client, requests } = host(answer(problem, 404));
    const error = await client.invoke('greet', { name: 'Ada' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FunctionsHttpError);
    expect(error).toMatchObject({
      status: 404,
      code: 'UNKNOWN_FUNCTION',
      hint: 'Look.',
      retry: 'never',
    });
    expect(requests).toHaveLength(1);
    const odd = host(new Response('<html>'));
    await expect(odd.client.catalogue()).rejects.toMatchObject({ code: 'HTTP_ERROR', status: 200 });
  });

  it('gives up after its tries, at its deadline, and when it is told to', async () => {
    const tired = host(...Array(9).fill(new Error('reset')));
    const failing = tired.client.lineage('sha256:1').catch((thrown: unknown) => thrown);
    await tired.clock.advance(20_000);
    expect(await failing).toMatchObject({ code: 'NO_ANSWER' });
    expect(tired.requests).toHaveLength(4);
    const late = host(new Error('reset'), answer(outcome));
    const short = late.client.catalogue({ timeoutMs: 50 }).catch((thrown: unknown) => thrown);
    await late.clock.advance(60);
    expect(await short).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const stopped = host(answer(outcome));
    const signal = AbortSignal.abort(new Error('no'));
    await expect(stopped.client.catalogue({ signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
