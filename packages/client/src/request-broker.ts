import { ARCP_VERSION, type ArcpError, type Envelope } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import { requestTimedOut, sessionLost } from './local-errors.js';
import { type PendingRequest, PendingRequests, type RequestKind } from './pending-requests.js';
import type { SessionKeeper } from './session-keeper.js';

/** Options of {@link RequestBroker.request}. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly jobId?: string;
  readonly traceId?: string;
  readonly onLateAnswer?: (envelope: Envelope) => void;
}

/** Sends requests, finds their answers, and sends them again on the next connection. Source: arcp section 1.6. */
export class RequestBroker {
  readonly #keeper: SessionKeeper;
  readonly #timeoutMs: number;
  readonly #pending = new PendingRequests();

  constructor(keeper: SessionKeeper, timeoutMs: number) {
    this.#keeper = keeper;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request and waits for its answer; `accept` runs at once when it arrives, before the next frame is looked at. */
  request(
    kind: RequestKind,
    type: string,
    payload: JsonObject,
    options: RequestOptions,
    accept: (envelope: Envelope) => void = nothing,
  ): Promise<Envelope> {
    const { signal, jobId, traceId, timeoutMs = this.#timeoutMs } = options;
    return new Promise<Envelope>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const detach = (): void => signal?.removeEventListener('abort', onAbort);
      const request: PendingRequest = {
        kind,
        envelope: this.message(type, payload, {
          ...(jobId === undefined ? {} : { job_id: jobId }),
          ...(traceId === undefined ? {} : { trace_id: traceId }),
        }),
        hasIdempotencyKey: payload.idempotency_key !== undefined,
        tombstone: false,
        ...(jobId === undefined ? {} : { jobId }),
        answer: (envelope) => {
          detach();
          if (request.tombstone) {
            options.onLateAnswer?.(envelope);
            return;
          }
          accept(envelope);
          resolve(envelope);
        },
        fail: (error) => {
          detach();
          reject(error);
        },
      };
      const giveUp = (error: unknown): void => {
        detach();
        if (kind === 'submit') request.tombstone = true;
        else this.#pending.delete(request);
        request.timer?.cancel();
        reject(error);
      };
      const onAbort = (): void => giveUp(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      request.timer = this.#keeper.clock.setTimer(
        () => giveUp(requestTimedOut(type, timeoutMs)),
        timeoutMs,
        {
          unref: true,
        },
      );
      this.#pending.add(request);
      this.#transmit(request);
    });
  }

  #transmit(request: PendingRequest): void {
    this.#keeper.send(request.envelope, (error) => {
      this.#pending.delete(request);
      request.fail(error);
    });
  }

  /** Whether a submit has no answer yet. */
  get awaitsAcceptance(): boolean {
    return this.#pending.has('submit');
  }

  /** Gives a reply to the request that it answers. */
  answer(envelope: Envelope): void {
    const request = this.#pending.forReply(envelope);
    if (request === undefined) return;
    this.#pending.delete(request);
    request.answer(envelope);
  }

  /** Gives an error to the request that it refuses; `false` when it refuses none. */
  refuse(envelope: Envelope, error: ArcpError, jobKnown: boolean): boolean {
    const request = this.#pending.forError(envelope, error, jobKnown);
    if (request === undefined) return false;
    this.#pending.delete(request);
    request.fail(error);
    return true;
  }

  /** A connection stands: what has no answer yet is sent (again). */
  resend(kind: 'fresh' | 'resumed', sessionId: string): void {
    for (const request of this.#pending.all()) {
      if (kind === 'fresh' && !this.#move(request, sessionId)) continue;
      if (!request.tombstone) this.#transmit(request);
    }
  }

  /** Fails everything that has no answer. */
  failAll(why: (request: PendingRequest) => unknown): void {
    for (const request of this.#pending.all()) {
      this.#pending.delete(request);
      request.fail(why(request));
    }
  }

  /** In a fresh session an unanswered submit is repeated only when its key makes that safe. */
  #move(request: PendingRequest, sessionId: string): boolean {
    if (request.tombstone) {
      this.#pending.delete(request);
      return false;
    }
    if (
      request.kind === 'submit' &&
      request.envelope.session_id !== sessionId &&
      request.hasIdempotencyKey !== true
    ) {
      this.#pending.delete(request);
      request.fail(
        sessionLost('of an unanswered submit', 'the session was lost before the acceptance'),
      );
      return false;
    }
    request.envelope = { ...request.envelope, session_id: sessionId };
    return true;
  }

  /** A frame of the present session. */
  message(type: string, payload: JsonObject, extra: Partial<Envelope> = {}): Envelope {
    const sessionId = this.#keeper.info?.id;
    return {
      arcp: ARCP_VERSION,
      id: this.#keeper.identifiers.next('msg_'),
      type,
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
      ...extra,
      payload,
    };
  }
}

const nothing = (): void => undefined;
