import type { IncomingMessage, ServerResponse } from 'node:http';
import { CancelledError, type Clock } from '@engramkit/core';
import type { Exchange } from './exchange.js';
import { checkLength, tooLarge } from './fetch-exchange.js';
import { HttpProblem } from './problem.js';

const NO_QUERY = new URLSearchParams();

/** The request of a Node server. */
export class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #bodyTimeoutMs: number;
  readonly #search: string;
  #controller: AbortController | undefined;

  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    options: { readonly clock: Clock; readonly bodyTimeoutMs: number },
  ) {
    const { url = '/', method = 'GET' } = message;
    const mark = url.indexOf('?');
    this.method = method;
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.#search = mark < 0 ? '' : url.slice(mark + 1);
    this.#message = message;
    this.#response = response;
    this.#clock = options.clock;
    this.#bodyTimeoutMs = options.bodyTimeoutMs;
  }

  get query(): URLSearchParams {
    return this.#search === '' ? NO_QUERY : new URLSearchParams(this.#search);
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  headerNames(): Iterable<string> {
    return Object.keys(this.#message.headers);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#response.once('close', () => {
        if (!this.#response.writableFinished) controller.abort(disconnected());
      });
      if (this.#response.destroyed) controller.abort(disconnected());
    }
    return this.#controller.signal;
  }

  /** Aborts the call because the server ends. */
  abort(reason: CancelledError): void {
    this.#controller?.abort(reason);
  }

  body(limitBytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const message = this.#message;
      checkLength(message.headers['content-length'], limitBytes);
      const chunks: Buffer[] = [];
      let size = 0;
      const end = (settle: () => void): void => {
        timer.cancel();
        message.off('data', onData).off('end', onEnd).off('close', onClose);
        settle();
      };
      const onData = (chunk: Buffer): void => {
        size += chunk.byteLength;
        if (size > limitBytes) end(() => reject(tooLarge(limitBytes)));
        else chunks.push(chunk);
      };
      const onEnd = (): void =>
        end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
      const onClose = (): void =>
        end(() => reject(new HttpProblem(400, 'BODY_TRUNCATED', 'The body ended early.')));
      const timer = this.#clock.setTimer(() => {
        end(() => reject(new HttpProblem(408, 'BODY_TOO_SLOW', 'The body did not come in time.')));
      }, this.#bodyTimeoutMs);
      message.on('data', onData).on('end', onEnd).on('close', onClose);
    });
  }
}

function disconnected(): CancelledError {
  return new CancelledError('the client disconnected', {
    code: 'DISCONNECTED',
    details: { reason: 'disconnect' },
  });
}
