import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type Clock, type Random, sleep } from '@engramkit/core';
import type { S3Settings } from '../env/storage-settings.js';
import { retryAfter } from '../kubernetes/response-error.js';
import { tooLarge } from './file-store.js';
import { checkObjectPath } from './object-path.js';
import type { ObjectBody, ObjectStore, StoreOptions } from './object-store.js';
import { chain, checksums, partsOf } from './s3-parts.js';
import { type S3Answer, sendS3 } from './s3-request.js';
import { encodeSegment, type Signer, signerFor } from './s3-signer.js';
import { element, escapeXml, unescapeXml } from './s3-xml.js';
import { StorageError } from './storage-error.js';

/** What an S3 store is made of. */
export interface S3StoreOptions {
  readonly settings: S3Settings;
  readonly clock: Clock;
  readonly random: Random;
}

const FIRST_PAUSE_MS = 100;
const MOST_PARTS = 10_000;
const MOST_XML = 1_048_576;
const SOCKETS = 16;

/**
 * Keeps objects in a bucket of S3 or of a service that speaks its protocol.
 *
 * Objects up to one part go up in one request, larger ones and streams in parts; an upload that fails is taken back. Every request
 * is tried `maxAttempts` times with growing pauses. Source: bobrapet-batch section 4.7.
 */
export function s3Store(options: S3StoreOptions): ObjectStore {
  return new S3Store(options);
}

class S3Store implements ObjectStore {
  readonly #settings: S3Settings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #base: URL;
  readonly #agent: HttpAgent;
  #signer: Promise<Signer> | undefined;

  constructor({ clock, random, settings }: S3StoreOptions) {
    const { bucket, endpoint, forcePathStyle, region } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
    if (forcePathStyle) base.pathname = `${base.pathname.replace(/\/$/, '')}/${bucket}`;
    else base.hostname = `${bucket}.${base.hostname}`;
    this.#base = base;
    const pool = { keepAlive: true, maxSockets: SOCKETS };
    this.#agent = base.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  }

  async write(
    path: string,
    body: ObjectBody,
    options: StoreOptions & { readonly contentType: string },
  ): Promise<void> {
    const { signal, contentType } = options;
    const { partSize } = this.#settings;
    const headers = { 'content-type': contentType, ...this.#encryption() };
    const parts = partsOf(body, partSize)[Symbol.asyncIterator]();
    const first = await parts.next();
    const only = first.done === true ? new Uint8Array() : first.value;
    if (only.length < partSize) {
      await this.#send('PUT', path, {
        headers: { ...headers, ...checksums(only) },
        body: only,
        signal,
      });
      return;
    }
    const second = await parts.next();
    if (second.done === true) {
      await this.#send('PUT', path, {
        headers: { ...headers, ...checksums(only) },
        body: only,
        signal,
      });
      return;
    }
    await this.#multipart(path, headers, chain([only, second.value], parts), signal);
  }

  async read(
    path: string,
    options: StoreOptions & { readonly maxBytes: number },
  ): Promise<Uint8Array> {
    const answer = await this.#send('GET', path, {
      signal: options.signal,
      maxBytes: options.maxBytes,
    });
    if (answer.cut) throw tooLarge(path, options.maxBytes);
    return answer.body;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  async #multipart(
    path: string,
    headers: Readonly<Record<string, string>>,
    parts: AsyncIterable<Uint8Array>,
    outer: AbortSignal | undefined,
  ): Promise<void> {
    const begun = await this.#send('POST', path, {
      query: 'uploads=',
      headers: { ...headers, 'x-amz-checksum-algorithm': 'SHA256' },
      signal: outer,
    });
    const upload = element(Buffer.from(begun.body).toString('utf8'), 'UploadId');
    if (upload === undefined) throw this.#malformed(path, 'the upload has no id');
    const id = encodeURIComponent(unescapeXml(upload));
    const failed = new AbortController();
    const signal = outer === undefined ? failed.signal : AbortSignal.any([outer, failed.signal]);
    const done: { readonly tag: string; readonly sha256: string }[] = [];
    let number = 0;
    const iterator = parts[Symbol.asyncIterator]();
    // Reading is one at a time: iterators of streams do not take overlapping calls.
    let turn: Promise<unknown> = Promise.resolve();
    const take = (): Promise<{ part: Uint8Array; at: number } | undefined> => {
      const next = turn.then(async () => {
        const item = await iterator.next();
        return item.done === true ? undefined : { part: item.value, at: ++number };
      });
      turn = next.catch(() => undefined);
      return next;
    };
    const worker = async (): Promise<void> => {
      try {
        for (let item = await take(); item !== undefined; item = await take()) {
          const { at, part } = item;
          if (at > MOST_PARTS) throw tooLarge(path, MOST_PARTS * this.#settings.partSize);
          const sums = checksums(part);
          const answer = await this.#send('PUT', path, {
            query: `partNumber=${at}&uploadId=${id}`,
            headers: sums,
            body: part,
            signal,
          });
          const tag = answer.headers.etag;
          if (tag === undefined) throw this.#malformed(path, 'a part has no ETag');
          done[at - 1] = { tag, sha256: sums['x-amz-checksum-sha256'] };
        }
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    };
    const workers = Array.from({ length: this.#settings.concurrency }, worker);
    try {
      await Promise.all(workers);
      const list = done.map(
        ({ tag, sha256 }, index) =>
          `<Part><ChecksumSHA256>${sha256}</ChecksumSHA256><ETag>${escapeXml(tag)}</ETag><PartNumber>${index + 1}</PartNumber></Part>`,
      );
      const answer = await this.#send('POST', path, {
        query: `uploadId=${id}`,
        headers: { 'content-type': 'application/xml' },
        body: Buffer.from(
          `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`,
        ),
        signal,
      });
      // The service answers 200 before it knows the outcome; a failure is in the body then.
      const text = Buffer.from(answer.body).toString('utf8');
      if (text.includes('<Error>')) throw this.#malformed(path, element(text, 'Code') ?? 'Error');
    } catch (error) {
      await Promise.allSettled(workers);
      await iterator.return?.().catch(() => undefined);
      // Parts of an upload that is given up would be paid for; what matters is the first error.
      await this.#send('DELETE', path, { query: `uploadId=${id}`, signal: undefined }).catch(
        () => undefined,
      );
      outer?.throwIfAborted();
      throw failed.signal.aborted ? failed.signal.reason : error;
    }
  }

  async #send(
    method: string,
    path: string,
    options: {
      readonly query?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array | undefined;
      readonly signal: AbortSignal | undefined;
      readonly maxBytes?: number;
    },
  ): Promise<S3Answer> {
    const { maxAttempts, maxBackoffMs } = this.#settings;
    const { body = new Uint8Array(), headers = {}, query = '', signal } = options;
    const url = new URL(this.#base);
    const key = checkObjectPath(path).split('/').map(encodeSegment).join('/');
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${key}`;
    url.search = query;
    this.#signer ??= signerFor(this.#settings);
    const sign = await this.#signer;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const given = {
        ...headers,
        'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      };
      const error = await this.#once(method, url, path, {
        headers: await sign(method, url, given, this.#clock.now()),
        body,
        signal,
        maxBytes: options.maxBytes ?? MOST_XML,
      });
      if (!(error instanceof StorageError)) return error;
      if (error.retry === 'never' || attempt >= maxAttempts) throw error;
      const longest = Math.min(maxBackoffMs, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 20));
      const delayMs = Math.min(
        maxBackoffMs,
        Math.max(error.retryAfterMs ?? 0, longest * (0.5 + this.#random.float() * 0.5)),
      );
      await sleep(delayMs, { clock: this.#clock, ...(signal === undefined ? {} : { signal }) });
    }
  }

  async #once(
    method: string,
    url: URL,
    path: string,
    options: {
      readonly headers: Record<string, string>;
      readonly body: Uint8Array;
      readonly signal: AbortSignal | undefined;
      readonly maxBytes: number;
    },
  ): Promise<S3Answer | StorageError> {
    const { body, headers, maxBytes, signal } = options;
    const late = new AbortController();
    const timer = this.#clock.setTimer(() => late.abort(), this.#settings.timeoutMs);
    const joint = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      const sized =
        method === 'GET' || method === 'DELETE'
          ? headers
          : { ...headers, 'content-length': String(body.length) };
      const answer = await sendS3(
        { method, url, headers: sized, body, signal: joint, agent: this.#agent },
        maxBytes,
      );
      return answer.status < 300 ? answer : this.#refusal(method, path, answer);
    } catch (error) {
      signal?.throwIfAborted();
      const code = (error as { readonly code?: unknown } | null)?.code;
      return new StorageError(
        late.signal.aborted
          ? `${method} ${path}: the store did not answer within ${this.#settings.timeoutMs} ms`
          : `${method} ${path}: the connection to the store failed: ${String(code ?? 'unknown')}`,
        {
          code: late.signal.aborted ? 'STORAGE_TIMEOUT' : 'STORAGE_UNAVAILABLE',
          retry: 'safe',
          details: { path },
          hint: 'Check BUBU_STORAGE_S3_ENDPOINT, BUBU_S3_TLS and the network.',
          cause: error,
        },
      );
    } finally {
      timer.cancel();
    }
  }

  #refusal(method: string, path: string, answer: S3Answer): StorageError {
    const { status } = answer;
    const text = Buffer.from(answer.body).toString('utf8');
    const said = (element(text, 'Code') ?? `status ${status}`).slice(0, 200);
    const passing = status >= 500 || status === 429 || status === 408 || PASSING.has(said);
    const waitMs = retryAfter(answer.headers['retry-after'], this.#clock.now());
    const missing = status === 404;
    const denied = status === 401 || status === 403;
    return new StorageError(`${method} ${path}: the store answered ${said}`, {
      code: missing ? 'STORAGE_OBJECT_MISSING' : denied ? 'STORAGE_DENIED' : 'STORAGE_UNAVAILABLE',
      retry: passing ? 'safe' : 'never',
      ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      details: { path, status },
      hint: missing
        ? 'Check the bucket, and that the step that wrote the object uses the same one.'
        : 'Check the credentials, their rights on the bucket, the region and the clock.',
    });
  }

  #malformed(path: string, reason: string): StorageError {
    return new StorageError(`upload of ${path}: ${reason.slice(0, 200)}`, {
      code: 'STORAGE_UNAVAILABLE',
      retry: 'safe',
      details: { path },
      hint: 'Check that the endpoint speaks the S3 protocol.',
    });
  }

  #encryption(): Record<string, string> {
    const { kmsKeyId, serverSideEncryption } = this.#settings;
    if (serverSideEncryption === undefined) return {};
    return {
      'x-amz-server-side-encryption': serverSideEncryption,
      ...(serverSideEncryption === 'aws:kms' && kmsKeyId !== ''
        ? { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }
        : {}),
    };
  }
}

/** Codes that another try may cure although their status says no. */
const PASSING: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'OperationAborted',
  'InternalError',
  'ServiceUnavailable',
]);
