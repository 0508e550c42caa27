import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '@engramkit/core';
import type { ClusterConnection, Credential } from './connection.js';
import { KubernetesError } from './kubernetes-error.js';
import { connectionError } from './response-error.js';

/** One request. */
export interface TransportRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Up to the end of the body; for streams: up to the headers. */
  readonly timeoutMs: number;
}

/** An answer, read completely. */
export interface TransportAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The most bytes of one answer. */
const MOST_BYTES = 64 * 1_048_576;
const MOST_SOCKETS = 32;

/** HTTP to one server over connections that stay open. */
export class HttpTransport {
  readonly #connection: ClusterConnection;
  readonly #clock: Clock;
  #agent: { readonly agent: HttpAgent; readonly certificate: string } | undefined;
  readonly #streams = new Set<IncomingMessage>();

  constructor(connection: ClusterConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Sends a request and reads the answer; rejects with a `KubernetesError` or the reason of the signal. */
  async exchange(request: TransportRequest, credential: Credential): Promise<TransportAnswer> {
    return this.#guarded(request, async (signal) => {
      const answer = await this.#send(request, credential, signal);
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of answer as AsyncIterable<Uint8Array>) {
        size += piece.length;
        if (size > MOST_BYTES) {
          throw new KubernetesError(`the answer is larger than ${MOST_BYTES} bytes`, {
            status: answer.statusCode ?? 0,
            reason: 'TooLarge',
            hint: 'Ask for fewer objects, for example with a selector.',
          });
        }
        pieces.push(piece);
      }
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: Buffer.concat(pieces).toString('utf8'),
      };
    });
  }

  /** Sends a request and gives the answer's body as it comes; whoever takes it ends it. */
  async stream(request: TransportRequest, credential: Credential): Promise<IncomingMessage> {
    return this.#guarded(request, async (signal) => {
      const answer = await this.#send(request, credential, signal);
      this.#streams.add(answer);
      answer.once('close', () => this.#streams.delete(answer));
      // The abort after the headers belongs to the reader, who destroys the stream.
      answer.on('error', () => undefined);
      return answer;
    });
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #guarded<Value>(
    request: TransportRequest,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const { signal, timeoutMs, method } = request;
    signal?.throwIfAborted();
    const ended = new AbortController();
    const onAbort = (): void => ended.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    let late = false;
    const timer = this.#clock.setTimer(() => {
      late = true;
      ended.abort();
    }, timeoutMs);
    try {
      return await work(ended.signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw connectionError(error, { method, server: this.#connection.server, late, timeoutMs });
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #send(
    request: TransportRequest,
    credential: Credential,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = new URL(`${this.#connection.server}${request.path}`);
    const { method, body } = request;
    const headers: Record<string, string> = { ...request.headers };
    if (credential.authorization !== undefined) headers.authorization = credential.authorization;
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = send(url, { method, headers, signal, agent: this.#agentFor(credential) });
      outgoing.once('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** A new certificate needs new connections. */
  #agentFor(credential: Credential): HttpAgent {
    const certificate = credential.certificate?.cert ?? '';
    if (this.#agent !== undefined && this.#agent.certificate === certificate) {
      return this.#agent.agent;
    }
    this.#agent?.agent.destroy();
    const { ca, insecure, server, serverName } = this.#connection;
    const options = { keepAlive: true, maxSockets: MOST_SOCKETS, maxFreeSockets: 8 };
    const agent = server.startsWith('https:')
      ? new HttpsAgent({
          ...options,
          rejectUnauthorized: insecure !== true,
          ...(ca === undefined ? {} : { ca }),
          ...(serverName === undefined ? {} : { servername: serverName }),
          ...credential.certificate,
        })
      : new HttpAgent(options);
    this.#agent = { agent, certificate };
    return agent;
  }
}
