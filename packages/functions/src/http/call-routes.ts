import { contentId } from '@engramkit/ids';
import { eventCid } from '../cascade.js';
import { type FunctionContext, parseFunctionContext } from '../function-context.js';
import { type FunctionResult, resultMembersText } from '../function-result.js';
import type { DispatchedResult, InvokeOptions } from '../runtime-options.js';
import type { CloudEvent } from './cloud-event.js';
import { readCloudEvents } from './cloud-event-request.js';
import { type Exchange, jsonReply, type Reply } from './exchange.js';
import { membersOf, readJson } from './json-body.js';
import { HttpProblem } from './problem.js';
import { known, type Route, type RouteCall } from './routes.js';
import { childTrace } from './trace-context.js';

/** The routes that call functions. Source: function-descriptor section 11. */
export const callRoutes: readonly Route[] = [
  { method: 'POST', path: '/functions/dispatch', handle: dispatch },
  { method: 'POST', path: '/functions/:id/invoke', handle: invoke },
];

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

async function invoke(call: RouteCall): Promise<Reply> {
  const { host, exchange, id } = call;
  known(host, id);
  const body = membersOf(await readJson(exchange, host.maxBodyBytes), ['event', 'context']);
  const context = parseFunctionContext(body.context);
  const { options, headers } = callOptions(call);
  const key = idempotencyKeyOf(exchange);
  const result = await host.runtime.invoke(
    id,
    body.event === undefined ? {} : body.event,
    context,
    {
      ...options,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    },
  );
  refuse(result);
  return jsonReply(200, `{${resultText(result)}}`, headers);
}

/** Refusals have a status of their own; what a function says is always 200. */
const REFUSALS: Readonly<Record<string, number>> = {
  UNKNOWN_FUNCTION: 404,
  GSAP_CONTEXT_REQUIRED: 403,
  CAPABILITY_DENIED: 403,
  CHRONICLE_FAILED: 503,
  IDEMPOTENCY_KEY_REUSED: 422,
  EFFECT_IN_PROGRESS: 409,
  EFFECT_UNKNOWN: 409,
};

function refuse({ metadata, error }: FunctionResult): void {
  const code = typeof metadata.code === 'string' ? metadata.code : '';
  const status = REFUSALS[code];
  // A replay was carried out once; whatever its code is, it is a result.
  if (status === undefined || metadata.replayed === true) return;
  throw new HttpProblem(status, code, error ?? 'The call was refused.');
}

/** A result on the wire, with what HTTP replies add. Source: function-descriptor section 1.3. */
function resultText(result: FunctionResult): string {
  const { invocation_id: id } = result.metadata;
  const invocation = typeof id === 'string' ? id : '';
  return `${resultMembersText(result)},"output_cid":"${result.outputCid()}","invocation_id":${JSON.stringify(invocation)}`;
}

function callOptions({ host, exchange, principal }: RouteCall): {
  readonly options: InvokeOptions;
  readonly headers: Readonly<Record<string, string>>;
} {
  const given = exchange.header('traceparent');
  const trace =
    given === undefined ? undefined : childTrace(given, exchange.header('tracestate'), host.random);
  return {
    options: { signal: exchange.signal, principal, trace },
    headers: trace === undefined ? {} : { traceparent: trace.traceparent },
  };
}

function idempotencyKeyOf(exchange: Exchange): string | undefined {
  const key = exchange.header('idempotency-key')?.trim();
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw new HttpProblem(
    400,
    'IDEMPOTENCY_KEY_INVALID',
    'The header Idempotency-Key is not valid.',
    {
      hint: 'Use 1 to 255 printable ASCII characters without spaces.',
    },
  );
}

async function dispatch(call: RouteCall): Promise<Reply> {
  const { host, exchange } = call;
  const limits = { bodyBytes: host.maxBodyBytes, batchEvents: host.maxBatchEvents };
  const request = await readCloudEvents(exchange, limits);
  const { headers } = callOptions(call);
  if (request === undefined) {
    const value = await readJson(exchange, host.maxBodyBytes);
    const body = membersOf(value, ['event_kind', 'event', 'context']);
    const { event_kind: kind, event = {} } = body;
    if (typeof kind !== 'string' || kind === '') {
      throw new HttpProblem(400, 'BODY_INVALID', 'The body has no event_kind.', {
        hint: 'Send {"event_kind": "…", "event": {…}}, or a CloudEvent.',
      });
    }
    const context = parseFunctionContext(body.context);
    return jsonReply(200, await dispatched(call, { kind, event, context }), headers);
  }
  const texts: string[] = [];
  // One after the other: a batch is an order as well, and must not take more than one request's share.
  for (const event of request.events) texts.push(await dispatched(call, workOf(event)));
  const body = request.batch ? `{"events":[${texts.join(',')}]}` : (texts[0] ?? '');
  return jsonReply(200, body, headers);
}

interface Work {
  readonly kind: string;
  readonly event: unknown;
  readonly context: FunctionContext;
}

async function dispatched(call: RouteCall, { kind, event, context }: Work): Promise<string> {
  const cid = context.trigger_event_cid === '' ? eventCid(kind, event) : context.trigger_event_cid;
  const given = { ...context, trigger_event_cid: cid };
  const { options } = callOptions(call);
  const results = await call.host.runtime.dispatch(kind, event, given, options);
  const texts = results.map(({ functionId, result }: DispatchedResult) => {
    return `{"function_id":${JSON.stringify(functionId)},${resultText(result)}}`;
  });
  return `{"event_kind":${JSON.stringify(kind)},"trigger_event_cid":${JSON.stringify(cid)},"results":[${texts.join(',')}]}`;
}

/**
 * What a CloudEvent asks for. `source` and `id` name an event, so that a second delivery has the same content id; extensions
 * carry the context.
 */
function workOf({ type, data, source, id, attributes }: CloudEvent): Work {
  const text = (name: string): string => {
    const value = attributes[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    kind: type,
    event: data ?? {},
    context: {
      trigger_event_kind: type,
      trigger_event_cid: contentId({ kind: type, event: data, source, id }),
      chronicle_session_id: text('chroniclesessionid'),
      gsap_context_id: text('gsapcontextid'),
      invocation_id: '',
      pipeline_run_id: text('pipelinerunid'),
    },
  };
}
