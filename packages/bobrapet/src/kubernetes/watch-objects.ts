import { type Clock, type JsonObject, type JsonValue, type Random, sleep } from '@engramkit/core';
import type {
  KubernetesClient,
  KubernetesObject,
  ResourceScope,
  WatchEvent,
  WatchOptions,
} from './kubernetes-client.js';
import { isNotFound, isRetryable, KubernetesError } from './kubernetes-error.js';

/** What a watch is made of. */
export interface WatchParts {
  readonly client: Pick<KubernetesClient, 'get' | 'list'>;
  readonly scope: ResourceScope;
  readonly options: WatchOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
  readonly open: (
    query: URLSearchParams,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<JsonValue> & Disposable>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** The server ends a watch after this time, five to ten minutes apart between watchers. */
const LEAST_SECONDS = 300;
/** A connection that says nothing this long after the server's own limit is dead. */
const SLACK_MS = 30_000;

const TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

/** Follows the changes of objects over lost connections and lost history. */
export async function* watchObjects(parts: WatchParts): AsyncGenerator<WatchEvent, void, void> {
  const { clock, closed, options, random } = parts;
  const signal = options.signal === undefined ? closed : AbortSignal.any([options.signal, closed]);
  let version = options.resourceVersion;
  let relisted = false;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const start = await initial(parts, signal);
        if (relisted) yield { type: 'relisted' };
        for (const object of start.objects) yield { type: 'added', object };
        version = start.version;
      }
      for await (const event of follow(parts, version, signal)) {
        failures = 0;
        version = event.version;
        if (event.event !== undefined) yield event.event;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof KubernetesError && error.status === 410) {
        version = undefined;
        relisted = true;
      } else if (!isRetryable(error)) {
        throw error;
      }
      const asked = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
      await pause(asked);
      continue;
    }
    await pause(0);
  }

  async function pause(asked: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    failures++;
    const delayMs = Math.max(asked, longest * (0.5 + random.float() * 0.5));
    await sleep(delayMs, { clock, signal }).catch(() => undefined);
  }
}

async function initial(
  parts: WatchParts,
  signal: AbortSignal,
): Promise<{ readonly objects: readonly KubernetesObject[]; readonly version: string }> {
  const { client, options, scope } = parts;
  const { name } = options;
  if (name === undefined) {
    const list = await client.list(scope, { ...options, signal });
    return { objects: list.items, version: list.resourceVersion };
  }
  // One object is read, not listed: the runner of a step may get and watch, but not list.
  try {
    const object = await client.get({ ...scope, name }, { signal });
    return { objects: [object], version: object.metadata.resourceVersion ?? '' };
  } catch (error) {
    if (isNotFound(error)) return { objects: [], version: '' };
    throw error;
  }
}

async function* follow(
  parts: WatchParts,
  from: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly version: string; readonly event?: WatchEvent }, void, void> {
  const { clock, open, options, random } = parts;
  const seconds = LEAST_SECONDS + Math.floor(random.float() * LEAST_SECONDS);
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
  });
  if (from !== '') query.set('resourceVersion', from);
  if (options.labelSelector !== undefined) query.set('labelSelector', options.labelSelector);
  const byName = options.name === undefined ? [] : [`metadata.name=${options.name}`];
  const fields = [
    ...byName,
    ...(options.fieldSelector === undefined ? [] : [options.fieldSelector]),
  ];
  if (fields.length > 0) query.set('fieldSelector', fields.join(','));
  const silent = new AbortController();
  const timer = clock.setTimer(() => silent.abort(), seconds * 1_000 + SLACK_MS, { unref: true });
  let version = from;
  try {
    using lines = await open(query, AbortSignal.any([signal, silent.signal]));
    for await (const line of lines) {
      const { type, object } = eventOf(line);
      if (type === 'ERROR') throw watchError(object);
      const { metadata } = object;
      const next =
        typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
          ? (metadata as JsonObject).resourceVersion
          : undefined;
      if (typeof next === 'string') version = next;
      if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
        yield { version, event: { type: TYPES[type], object: object as KubernetesObject } };
      } else {
        yield { version };
      }
    }
  } catch (error) {
    if (error instanceof KubernetesError || signal.aborted) throw error;
    throw new KubernetesError('the watch was cut off', {
      status: 0,
      reason: 'ConnectionLost',
      cause: error,
    });
  } finally {
    timer.cancel();
  }
}

function eventOf(line: JsonValue): { readonly type: string; readonly object: JsonObject } {
  if (typeof line === 'object' && line !== null && !Array.isArray(line)) {
    const { type, object } = line as JsonObject;
    if (
      typeof type === 'string' &&
      typeof object === 'object' &&
      object !== null &&
      !Array.isArray(object)
    ) {
      return { type, object: object as JsonObject };
    }
  }
  throw new KubernetesError('an event of the watch cannot be read', {
    status: 0,
    reason: 'InvalidResponse',
  });
}

function watchError(status: JsonObject): KubernetesError {
  const { code, message, reason } = status;
  const number = typeof code === 'number' ? code : 500;
  return new KubernetesError(
    `the watch failed: ${typeof message === 'string' ? message.slice(0, 1_000) : number}`,
    {
      status: number,
      reason: typeof reason === 'string' && reason !== '' ? reason : 'InternalError',
    },
  );
}
