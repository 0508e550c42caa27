import { type Envelope, memoryTransportPair, type Transport } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';
import { type ClientOptions, connect } from '../src/index.js';

/** What a scripted runtime does with the frames of one connection. */
export type Script = (frame: Envelope, connection: Connection) => void;

/** One connection as the scripted runtime sees it. */
export class Connection {
  readonly received: Envelope[] = [];
  #waiting: {
    readonly accepts: (frame: Envelope) => boolean;
    readonly resolve: (frame: Envelope) => void;
  }[] = [];

  constructor(
    readonly transport: Transport,
    readonly number: number,
    script: Script,
  ) {
    transport.onFrame((frame) => {
      if (frame.kind !== 'envelope') throw new Error(`the client sent ${frame.kind}`);
      this.received.push(frame.envelope);
      this.#waiting = this.#waiting.filter(({ accepts, resolve }) => {
        if (!accepts(frame.envelope)) return true;
        resolve(frame.envelope);
        return false;
      });
      script(frame.envelope, this);
    });
  }

  /** The next frame of the type that was not looked at, or the first that comes. */
  next(type: string, accepts: (frame: Envelope) => boolean = () => true): Promise<Envelope> {
    const fits = (frame: Envelope): boolean => frame.type === type && accepts(frame);
    const known = this.received.find(fits);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#waiting.push({ accepts: fits, resolve });
    });
  }

  send(type: string, payload: object, extra: Partial<Envelope> = {}): void {
    void this.transport
      .send({
        arcp: '1.1',
        id: `r${Math.abs(hash(JSON.stringify([type, payload, extra, this.received.length])))}`,
        type,
        session_id: 'sess_1',
        payload: payload as JsonObject,
        ...extra,
      })
      .catch(() => undefined);
  }

  event(jobId: string, sequence: number, kind: string, body: object): void {
    this.send(
      'job.event',
      { kind, ts: '2026-05-13T19:30:00Z', body },
      { job_id: jobId, event_seq: sequence },
    );
  }

  accept(
    submit: Envelope,
    jobId: string,
    payload: object = {},
    extra: Partial<Envelope> = {},
  ): void {
    this.send(
      'job.accepted',
      {
        job_id: jobId,
        lease: {},
        accepted_at: '2026-05-13T19:30:00Z',
        request_id: submit.id,
        ...payload,
      },
      { job_id: jobId, ...extra },
    );
  }

  result(jobId: string, sequence: number, result: unknown): void {
    this.send(
      'job.result',
      { final_status: 'success', result },
      { job_id: jobId, event_seq: sequence },
    );
  }

  cut(): void {
    this.transport.close();
  }
}

/** Every feature a runtime can offer. */
export const features = [
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

/** The welcome that a draft runtime sends. */
export function welcome(connection: Connection, changes: object = {}, sessionId = 'sess_1'): void {
  connection.send(
    'session.welcome',
    {
      runtime: { name: 'scripted', version: '1' },
      resume_token: `rt_${connection.number}`,
      resume_window_sec: 600,
      capabilities: { encodings: ['json'], features, agents: [{ name: 'echo', versions: [] }] },
      ...changes,
    },
    { session_id: sessionId },
  );
}

/** A runtime that welcomes everybody and leaves the rest to the test. */
export class ScriptedRuntime {
  readonly connections: Connection[] = [];
  readonly #script: Script;
  #arrivals: ((connection: Connection) => void)[] = [];

  constructor(
    script: Script = (frame, connection) => frame.type === 'session.hello' && welcome(connection),
  ) {
    this.#script = script;
  }

  /** Opens a transport to this runtime. */
  readonly transport = async (): Promise<Transport> => {
    const [near, far] = memoryTransportPair();
    const connection = new Connection(far, this.connections.length + 1, this.#script);
    this.connections.push(connection);
    for (const arrive of this.#arrivals.splice(0)) arrive(connection);
    return near;
  };

  /** The connection with the number, counted from 1, when it is there. */
  async connection(number: number): Promise<Connection> {
    while (this.connections.length < number) {
      await new Promise<Connection>((resolve) => {
        this.#arrivals.push(resolve);
      });
    }
    return this.connections[number - 1]!;
  }

  connect(options: Partial<ClientOptions> = {}) {
    return connect({
      token: 'tok',
      transport: this.transport,
      reconnect: { baseMs: 1, capMs: 2 },
      ...options,
    });
  }
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (value * 31 + character.charCodeAt(0)) | 0;
  return value;
}
