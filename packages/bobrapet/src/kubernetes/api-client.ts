import {
  type Clock,
  EngramkitError,
  type JsonObject,
  type JsonValue,
  parseJson,
  type Random,
} from '@engramkit/core';
import type { ClusterConnection } from './connection.js';
import { HttpTransport, type TransportRequest } from './http-transport.js';
import type {
  DeleteOptions,
  KubernetesClient,
  KubernetesObject,
  ListOptions,
  ObjectList,
  PatchOptions,
  RequestOptions,
  ResourceAddress,
  ResourceScope,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './kubernetes-client.js';
import { KubernetesError } from './kubernetes-error.js';
import { type RequestPace, requestPace } from './request-pace.js';
import { resourcePath } from './resource-path.js';
import { responseError } from './response-error.js';
import { readLines } from './watch-lines.js';
import { watchObjects } from './watch-objects.js';

/** What a client is made of. */
export interface KubernetesClientOptions {
  readonly connection: ClusterConnection;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Limit of one exchange, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly userAgent?: string | undefined;
  /** Default: 20 requests per second with bursts of 40. */
  readonly pace?: RequestPace | undefined;
}

const PAGE_SIZE = 500;
const MOST_PAGES = 10_000;
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

/** Makes a client of one API server. */
export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  return new ApiClient(options);
}

class ApiClient implements KubernetesClient {
  readonly namespace: string;
  readonly #options: KubernetesClientOptions;
  readonly #transport: HttpTransport;
  readonly #pace: RequestPace;
  readonly #closed = new AbortController();

  constructor(options: KubernetesClientOptions) {
    this.namespace = options.namespace;
    this.#options = options;
    this.#transport = new HttpTransport(options.connection, options.clock);
    this.#pace = options.pace ?? requestPace(options.clock);
  }

  async get(address: ResourceAddress, options: RequestOptions = {}): Promise<KubernetesObject> {
    return asObject(await this.#call('GET', resourcePath(address), options));
  }

  async list(scope: ResourceScope, options: ListOptions = {}): Promise<ObjectList> {
    const items: KubernetesObject[] = [];
    let token = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = selectors(options);
      query.set('limit', String(options.pageSize ?? PAGE_SIZE));
      if (token !== '') query.set('continue', token);
      const answer = await this.#call('GET', `${resourcePath(scope)}?${query}`, options);
      const list = asObject(answer);
      if (!Array.isArray(list.items)) throw malformed('a list has no items');
      for (const item of list.items as readonly JsonValue[]) items.push(asObject(item));
      token = textOf(list.metadata, 'continue');
      if (token === '') return { items, resourceVersion: textOf(list.metadata, 'resourceVersion') };
    }
    throw malformed('a list has no end');
  }

  async create(
    scope: ResourceScope,
    object: JsonObject,
    options: RequestOptions = {},
  ): Promise<KubernetesObject> {
    return asObject(await this.#call('POST', resourcePath(scope), options, object));
  }

  async update(
    address: ResourceAddress,
    object: JsonObject,
    options: WriteOptions = {},
  ): Promise<KubernetesObject> {
    const path = resourcePath(address, options.subresource);
    return asObject(await this.#call('PUT', path, options, object));
  }

  async patch(
    address: ResourceAddress,
    patch: JsonValue,
    options: PatchOptions,
  ): Promise<KubernetesObject> {
    const path = resourcePath(address, options.subresource);
    return asObject(await this.#call('PATCH', path, options, patch, PATCH_TYPES[options.type]));
  }

  async delete(address: ResourceAddress, options: DeleteOptions = {}): Promise<void> {
    const { propagationPolicy, preconditions = {} } = options;
    const conditions = Object.entries(preconditions).filter(([, value]) => value !== undefined);
    await this.#call('DELETE', resourcePath(address), options, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(conditions.length === 0
        ? {}
        : { preconditions: Object.fromEntries(conditions) as JsonObject }),
    });
  }

  watch(scope: ResourceScope, options: WatchOptions = {}): AsyncIterable<WatchEvent> {
    const { clock, random } = this.#options;
    return watchObjects({
      client: this,
      scope,
      options,
      clock,
      random,
      closed: this.#closed.signal,
      open: (query, signal) => this.#stream(scope, query, signal),
    });
  }

  async close(): Promise<void> {
    this.#closed.abort(
      new KubernetesError('the client was closed', { status: 0, reason: 'Closed' }),
    );
    this.#transport.close();
  }

  /** The lines of a watch. */
  async #stream(
    scope: ResourceScope,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<AsyncIterable<JsonValue> & Disposable> {
    const path = `${resourcePath(scope)}?${query}`;
    const request = this.#request('GET', path, { signal });
    for (let renewed = false; ; renewed = true) {
      await this.#pace.next(signal);
      const credential = await this.#options.connection.credentials.current({
        fresh: renewed,
        signal,
      });
      const answer = await this.#transport.stream(request, credential);
      if (answer.statusCode === 200) return readLines(answer, signal);
      if (answer.statusCode === 401 && !renewed) {
        answer.destroy();
        continue;
      }
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of answer as AsyncIterable<Uint8Array>) {
        pieces.push(piece);
        size += piece.length;
        if (size > 65_536) break;
      }
      throw responseError(
        `GET ${path.split('?')[0]}`,
        {
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(pieces).toString('utf8'),
        },
        this.#options.clock.now(),
      );
    }
  }

  async #call(
    method: string,
    path: string,
    options: RequestOptions,
    body?: JsonValue,
    contentType = 'application/json',
  ): Promise<JsonValue> {
    const { clock, connection } = this.#options;
    const closed = this.#closed.signal;
    const signal =
      options.signal === undefined ? closed : AbortSignal.any([options.signal, closed]);
    const request = this.#request(method, path, { ...options, signal }, body, contentType);
    for (let renewed = false; ; renewed = true) {
      await this.#pace.next(signal);
      const credential = await connection.credentials.current({ fresh: renewed, signal });
      const answer = await this.#transport.exchange(request, credential);
      if (answer.status === 401 && !renewed) continue; // Tokens rotate; one that was just read is tried once.
      if (answer.status < 200 || answer.status > 299) {
        throw responseError(`${method} ${path.split('?')[0]}`, answer, clock.now());
      }
      try {
        return parseJson(answer.body, { what: 'the answer', hideContent: true });
      } catch (error) {
        throw malformed(EngramkitError.from(error).message, error);
      }
    }
  }

  #request(
    method: string,
    path: string,
    options: RequestOptions,
    body?: JsonValue,
    contentType = 'application/json',
  ): TransportRequest {
    const { timeoutMs = 30_000, userAgent = 'bubu-sdk-go' } = this.#options;
    return {
      method,
      path,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: options.signal,
      timeoutMs: options.timeoutMs ?? timeoutMs,
    };
  }
}

function selectors(options: ListOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.labelSelector !== undefined) query.set('labelSelector', options.labelSelector);
  if (options.fieldSelector !== undefined) query.set('fieldSelector', options.fieldSelector);
  return query;
}

/** The object in an answer or event; throws `InvalidResponse` for anything else. */
export function asObject(value: JsonValue | undefined): KubernetesObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { metadata } = value as JsonObject;
    if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) {
      return value as KubernetesObject;
    }
  }
  throw malformed('it is no object with metadata');
}

function textOf(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

function malformed(reason: string, cause?: unknown): KubernetesError {
  return new KubernetesError(`the API server's answer cannot be read: ${reason.slice(0, 300)}`, {
    status: 0,
    reason: 'InvalidResponse',
    hint: 'Check that the address is that of a Kubernetes API server.',
    ...(cause === undefined ? {} : { cause }),
  });
}
