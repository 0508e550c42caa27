import { type Envelope, memoryTransportPair, type Transport } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import type { ArcpRuntime } from '../src/index.js';

/** A client that sends exactly what a test says and keeps everything that comes back. */
export class RawClient {
  readonly received: Envelope[] = [];
  readonly transport: Transport;
  readonly closed: Promise<void>;
  sessionId = '';
  resumeToken = '';
  /** The first client's identifiers are plain; all others differ, as identifiers of a session must. */
  readonly #name: string;
  #next = 0;
  #at = 0;
  #waiters: (() => void)[] = [];

  constructor(runtime: ArcpRuntime, name = '') {
    this.#name = name;
    const [near, far] = memoryTransportPair();
    this.transport = near;
    this.closed = new Promise((resolve) => near.onClose(() => resolve()));
    near.onFrame((frame) => {
      if (frame.kind === 'envelope') this.received.push(frame.envelope);
      for (const wake of this.#waiters.splice(0)) wake();
    });
    runtime.accept(far);
  }

  /** Sends a frame and gives its identifier. */
  send(type: string, payload: object = {}, extra: object = {}): string {
    this.#next += 1;
    const id = `${this.#name}m${this.#next}`;
    void this.transport
      .send({
        arcp: '1.1',
        id,
        type,
        ...(this.sessionId === '' ? {} : { session_id: this.sessionId }),
        payload: payload as JsonObject,
        ...extra,
      } as Envelope)
      .catch(() => undefined);
    return id;
  }

  /** The next frame that was not looked at; those that do not fit are passed over. */
  async next(type?: string, accepts: (frame: Envelope) => boolean = () => true): Promise<Envelope> {
    for (;;) {
      while (this.#at < this.received.length) {
        const frame = this.received[this.#at]!;
        this.#at += 1;
        if ((type === undefined || frame.type === type) && accepts(frame)) return frame;
      }
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }

  /** The hello of a client that wants every feature. */
  async hello(
    changes: {
      readonly token?: string;
      readonly features?: readonly string[];
      readonly resume?: object;
    } = {},
  ): Promise<Envelope> {
    const { token = 'tok', features = everything, resume } = changes;
    this.send('session.hello', {
      client: { name: 't', version: '1' },
      auth: { scheme: 'bearer', token },
      capabilities: { encodings: ['json'], features },
      ...(resume === undefined ? {} : { resume }),
    });
    const answer = await this.next();
    if (answer.type === 'session.welcome') {
      this.sessionId = answer.session_id ?? '';
      this.resumeToken = String(answer.payload.resume_token);
    }
    return answer;
  }
}

export const everything = [
  'heartbeat',
  'ack',
  'list_jobs',
  'subscribe',
  'lease_expires_at',
  'cost.budget',
  'model.use',
  'provisioned_credentials',
  'progress',
  'result_chunk',
  'agent_versions',
];
