import type { Clock, Random } from '@engramkit/core';
import {
  FUNCTION_DESCRIPTOR_MEDIA_TYPE,
  knativeManifest,
  manifestYaml,
} from '@engramkit/descriptor';
import type { ChronicleSource } from '../chronicle/chronicle-event.js';
import { verifyLineage } from '../chronicle/lineage.js';
import type { RegisteredFunction } from '../function-registry.js';
import type { FunctionRuntime } from '../function-runtime.js';
import type { Principal } from '../governed-function.js';
import { callRoutes } from './call-routes.js';
import { cataloguePage } from './catalogue-page.js';
import { type Exchange, jsonReply, type Reply } from './exchange.js';
import { isHealthy } from './health.js';
import type { CallMetrics } from './metrics.js';
import { openApiDocument } from './openapi.js';
import { HttpProblem } from './problem.js';
import type { RecentCalls } from './recent-calls.js';

/** What every route works with. */
export interface Host {
  readonly runtime: FunctionRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxBodyBytes: number;
  readonly maxBatchEvents: number;
  readonly healthTimeoutMs: number;
  readonly events: ChronicleSource | undefined;
  readonly metrics: CallMetrics;
  readonly recent: RecentCalls;
  /** Whether new work is welcome. */
  readonly isReady: () => boolean;
}

/** One request on its way through a route. */
export interface RouteCall {
  readonly host: Host;
  readonly exchange: Exchange;
  readonly principal: Principal | undefined;
  /** The variable part of the path, decoded. */
  readonly id: string;
}

/** One route. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** At most one `:id`. */
  readonly path: string;
  /** Whether anybody may ask, for probes. */
  readonly open?: boolean;
  readonly handle: (call: RouteCall) => Reply | Promise<Reply>;
}

/** Every route of the host. Source: function-descriptor section 11. */
export function routes(options: { readonly page: boolean }): readonly Route[] {
  return [
    { method: 'GET', path: '/livez', open: true, handle: () => jsonReply(200, '{"status":"ok"}') },
    { method: 'GET', path: '/readyz', open: true, handle: readiness },
    { method: 'GET', path: '/metrics', handle: metrics },
    { method: 'GET', path: '/openapi.json', handle: openApi },
    { method: 'GET', path: '/lineage/:id', handle: lineageOf },
    { method: 'GET', path: '/functions', handle: catalogue },
    { method: 'GET', path: '/functions/', handle: catalogue },
    { method: 'GET', path: '/functions/health', handle: healthOfAll },
    { method: 'GET', path: '/functions/:id', handle: descriptor },
    { method: 'GET', path: '/functions/:id/manifest', handle: manifest },
    { method: 'GET', path: '/functions/:id/health', handle: healthOfOne },
    ...callRoutes,
    ...(options.page ? [{ method: 'GET', path: '/', handle: cataloguePage } as const] : []),
  ];
}

function readiness({ host }: RouteCall): Reply {
  return host.isReady()
    ? jsonReply(200, '{"status":"ok"}')
    : jsonReply(503, '{"status":"draining"}');
}

function metrics({ host }: RouteCall): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: host.metrics.text(host.runtime.chronicleFailures),
  };
}

function openApi({ host }: RouteCall): Reply {
  return jsonReply(200, JSON.stringify(openApiDocument(host.runtime.registry.entries())));
}

async function lineageOf({ host, id }: RouteCall): Promise<Reply> {
  if (host.events === undefined) {
    throw new HttpProblem(404, 'LINEAGE_UNAVAILABLE', 'This host keeps no events to look through.');
  }
  const found = await verifyLineage(host.events, id);
  if (found.steps.length === 0 && found.broken?.reason === 'missing') {
    throw new HttpProblem(404, 'EVENT_UNKNOWN', 'There is no event with that content id.');
  }
  return jsonReply(200, JSON.stringify(found));
}

function catalogue({ host }: RouteCall): Reply {
  const { registry } = host.runtime;
  const functions = registry.entries().map((entry) => entry.descriptor);
  return jsonReply(
    200,
    JSON.stringify({ functions, count: functions.length, trigger_index: registry.triggerIndex() }),
  );
}

/** The function that a path names; throws the 404 problem. */
export function known(host: Host, id: string): RegisteredFunction {
  const entry = host.runtime.registry.entry(id);
  if (entry !== undefined) return entry;
  throw new HttpProblem(404, 'UNKNOWN_FUNCTION', `Unknown function: ${id.slice(0, 80)}`, {
    hint: 'GET /functions/ lists the functions.',
  });
}

function descriptor({ host, exchange, id }: RouteCall): Reply {
  const { descriptor: body, version } = known(host, id);
  const headers = { 'content-type': FUNCTION_DESCRIPTOR_MEDIA_TYPE, etag: `"${version}"` };
  const wanted = exchange.header('if-none-match') ?? '';
  const tags = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (tags.includes(`"${version}"`) || wanted.trim() === '*')
    return { status: 304, headers, body: '' };
  return { status: 200, headers, body: JSON.stringify(body) };
}

async function manifest({ host, exchange, id }: RouteCall): Promise<Reply> {
  const { attributes } = known(host, id);
  const image = exchange.query.get('image') ?? '';
  if (image === '') {
    throw new HttpProblem(400, 'IMAGE_REQUIRED', 'The query has no image.', {
      hint: 'Add ?image=<reference of the container image>.',
    });
  }
  const service = knativeManifest(attributes, image, exchange.query.get('namespace') ?? undefined);
  if (!wantsYaml(exchange.header('accept') ?? '')) return jsonReply(200, JSON.stringify(service));
  const headers = { 'content-type': 'application/yaml', vary: 'accept' };
  return { status: 200, headers, body: await manifestYaml([service]) };
}

function wantsYaml(accept: string): boolean {
  const first = accept.split(',').map((one) => one.split(';', 1)[0]?.trim().toLowerCase());
  const yaml = first.findIndex((type) => /^(application|text)\/(x-)?yaml$/.test(type ?? ''));
  const json = first.indexOf('application/json');
  return yaml >= 0 && (json < 0 || yaml < json);
}

async function healthOfAll({ host }: RouteCall): Promise<Reply> {
  const entries = host.runtime.registry.entries();
  const checks = entries.map((entry) => isHealthy(entry, host.clock, host.healthTimeoutMs));
  const healthy = await Promise.all(checks);
  const ok = healthy.every(Boolean);
  const functions = Object.fromEntries(
    entries.map(({ attributes }, index) => [attributes.function_id, healthy[index]]),
  );
  return jsonReply(ok ? 200 : 503, JSON.stringify({ status: ok ? 'ok' : 'degraded', functions }));
}

async function healthOfOne({ host, id }: RouteCall): Promise<Reply> {
  const healthy = await isHealthy(known(host, id), host.clock, host.healthTimeoutMs);
  return jsonReply(healthy ? 200 : 503, JSON.stringify({ function_id: id, healthy }));
}
