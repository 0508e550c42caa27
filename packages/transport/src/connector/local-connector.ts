import { create } from '@bufbuild/protobuf';
import { type Clock, stringifyJson, systemClock } from '@engramkit/core';
import { type ControlDirective, createChannel, type StreamMessage } from '@engramkit/engram';
import { ControlResponseSchema } from '../gen/transport/v1/transport_pb.js';
import { PROTOCOL_VERSION } from '../link/binding.js';
import { actionOf, directiveOf } from '../link/control-directive.js';
import { decodePacket } from '../message/decode-packet.js';
import { encodeMessage } from '../message/encode-message.js';
import { HEARTBEAT_KEY } from '../message/packet-keys.js';
import { readPacket } from '../wire/read-packet.js';
import { connectorAnswer } from './connector-answer.js';
import { ConnectorServer, type ControlCall, type DataCall } from './connector-server.js';
import { ReplayBuffer } from './replay-buffer.js';

/** Options of {@link LocalConnector}. */
export interface LocalConnectorOptions {
  /** Default: any port that is free. */
  readonly port?: number;
  /** What the connector says that it can do; default `{}`, which is announced as `none`. */
  readonly capabilities?: Readonly<Record<string, string>>;
  /**
   * `at-least-once` numbers messages and sends those that were not acknowledged again on the next connection; default
   * `at-most-once`.
   */
  readonly delivery?: 'at-most-once' | 'at-least-once';
  /** How many messages of the engram wait for a reader before the engram feels it; default 64. */
  readonly capacity?: number;
  readonly clock?: Clock;
  /** Takes every message of the engram as bytes, undecoded, in place of `received`; for measurements. */
  readonly onBytes?: (bytes: Uint8Array) => void;
  /** What goes wrong, for tests; nothing by default. */
  readonly faults?: ConnectorFaults;
}

/** Faults that a connector can have from the beginning. */
export interface ConnectorFaults {
  /** Takes connections and never says that it is ready. */
  readonly silent?: boolean;
  /** In place of the real metadata of `connector.ready`. */
  readonly readyMetadata?: Readonly<Record<string, string>>;
  /** Announces capabilities and never says which. */
  readonly withholdCapabilities?: boolean;
  /** Ends every Data stream with this status. */
  readonly refuse?: { readonly code: number; readonly details: string };
}

/** A control message that the engram sent. */
export interface ReceivedControl extends ControlDirective {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A connector on this machine: a real gRPC server that does to an engram what the sidecar in a cluster does.
 *
 * Source: bobrapet-streaming sections 6.4 and 12.6.
 */
export class LocalConnector implements AsyncDisposable {
  /** Every control message of the engram, receipts included, oldest first. */
  readonly controls: ReceivedControl[] = [];
  /** What the engram named as its binding. */
  bindingReference = '';
  /** How many Data streams there were. */
  sessions = 0;
  /** How many heartbeats came on Data. */
  heartbeats = 0;
  readonly #options: LocalConnectorOptions;
  readonly #clock: Clock;
  readonly #received;
  readonly #replay = new ReplayBuffer('local/run/step');
  #server: ConnectorServer;
  #port = 0;
  #data: DataCall | undefined;
  #control: ControlCall | undefined;
  #unsent: Buffer[] = [];
  #room: (() => void)[] = [];
  #watchers: (() => void)[] = [];
  #answersHeartbeats = true;
  /** The connection takes no more for now. */
  #blocked = false;

  private constructor(options: LocalConnectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#received = createChannel<StreamMessage>(options.capacity ?? 64);
    this.#server = this.#newServer();
  }

  /** Starts a connector; throws `CONNECTOR_LISTEN_FAILED`. */
  static async start(options: LocalConnectorOptions = {}): Promise<LocalConnector> {
    const connector = new LocalConnector(options);
    connector.#port = await connector.#server.listen(options.port ?? 0);
    return connector;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The environment in which an engram finds this connector. */
  get env(): Readonly<Record<string, string>> {
    const binding = { driver: 'local', endpoint: this.endpoint, protocolVersion: PROTOCOL_VERSION };
    return {
      BUBU_EXECUTION_MODE: 'realtime',
      BUBU_TRANSPORT_BINDING: stringifyJson({
        name: 'local-transport',
        namespace: 'local',
        binding,
      }),
    };
  }

  /** What the engram sends, in order; ends with {@link LocalConnector.close}. */
  get received(): AsyncIterable<StreamMessage> {
    return this.#received;
  }

  /** Messages that were sent and not acknowledged; always 0 without at-least-once delivery. */
  get unacknowledged(): number {
    return this.#replay.size;
  }

  /** The receipts so far, oldest first. */
  get receipts(): readonly ReceivedControl[] {
    return this.controls.filter(({ type }) => type === 'downstream.delivered');
  }

  /** Sends a message to the engram; resolves when the connection took it. Throws `INVALID_STREAM_MESSAGE`. */
  async send(message: StreamMessage): Promise<void> {
    const numbered =
      this.#options.delivery === 'at-least-once' ? this.#replay.number(message) : message;
    await this.sendBytes(encodeMessage(numbered));
  }

  /** Sends bytes as they are, valid or not. */
  async sendBytes(bytes: Buffer): Promise<void> {
    this.#unsent.push(bytes);
    this.#flush();
    if (this.#unsent.length > 0 || this.#blocked)
      await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Sends a control directive. */
  sendControl({ type, metadata = {} }: ControlDirective): void {
    const { action, customAction } = actionOf(type);
    this.#control?.write(
      create(ControlResponseSchema, { action, customAction, metadata: { ...metadata } }),
    );
  }

  /** Resolves as soon as the condition holds; it is looked at whenever something happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Ends the Data stream: in good order, or with a status. */
  endData(failure?: { readonly code: number; readonly details: string }): void {
    const call = this.#data;
    this.#data = undefined;
    if (failure === undefined) call?.end();
    else call?.emit('error', failure);
  }

  /** Stops answering heartbeats, as a half-open connection does. */
  goSilent(): void {
    this.#answersHeartbeats = false;
  }

  /** Forgets what was sent and numbers from 1 again, and says that the hub is back. */
  loseHub(): void {
    this.#replay.reset();
    const ts = String(this.#clock.now());
    this.sendControl({
      type: 'handoff.draining',
      metadata: { phase: 'draining', reason: 'hub_disconnected', ts },
    });
    this.sendControl({
      type: 'handoff.cutover',
      metadata: { phase: 'cutover', reason: 'hub_reconnected', ts },
    });
  }

  /** Ends every connection at once, as a crash does, and stops listening. */
  kill(): void {
    this.#data = undefined;
    this.#control = undefined;
    // What the connection had taken is lost; with at-least-once delivery it is sent again.
    this.#server.kill();
  }

  /** {@link LocalConnector.kill}, then listens on the same port again. */
  async restart(): Promise<void> {
    this.kill();
    this.#server = this.#newServer();
    await this.#server.listen(this.#port);
  }

  /** Ends everything; {@link LocalConnector.received} ends after what was received. */
  close(): void {
    this.kill();
    this.#received.close();
    for (const resolve of this.#room.splice(0)) resolve();
    this.#changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #newServer(): ConnectorServer {
    return new ConnectorServer(
      {
        onData: (call) => this.#onData(call),
        onControl: (call, reference) => this.#onControl(call, reference),
      },
      10_485_760,
    );
  }

  #onControl(call: ControlCall, reference: string): void {
    const { capabilities = {}, faults = {} } = this.#options;
    this.#control = call;
    this.bindingReference = reference;
    call.on('data', (request) => {
      const { type, metadata = {} } = directiveOf(request);
      this.controls.push({ type, metadata });
      if (type === 'downstream.delivered')
        this.#replay.acknowledge(BigInt(metadata.sequence ?? '0'));
      const answer = connectorAnswer({ type, metadata });
      if (answer !== undefined && (type !== 'heartbeat' || this.#answersHeartbeats)) {
        this.sendControl(answer);
      }
      this.#changed();
    });
    call.on('end', () => call.end());
    if (faults.silent === true) return;
    const names = Object.keys(capabilities);
    this.sendControl({
      type: 'connector.ready',
      metadata: faults.readyMetadata ?? {
        'startup.capabilities': names.length === 0 ? 'none' : 'required',
      },
    });
    if (names.length > 0 && faults.withholdCapabilities !== true) {
      this.sendControl({ type: 'connector.capabilities', metadata: capabilities });
    }
    this.sendControl({
      type: 'handoff.cutover',
      metadata: { phase: 'cutover', reason: 'hub_connected', ts: String(this.#clock.now()) },
    });
  }

  #onData(call: DataCall): void {
    const { faults = {}, delivery } = this.#options;
    this.sessions += 1;
    this.#data = call;
    if (faults.refuse !== undefined) {
      this.endData(faults.refuse);
      this.#changed();
      return;
    }
    this.#blocked = false;
    call.on('drain', () => {
      if (this.#data === call) this.#blocked = false;
      this.#flush();
    });
    const { onBytes } = this.#options;
    call.on('data', onBytes ?? ((bytes: Buffer) => void this.#take(call, bytes)));
    call.on('end', () => {
      if (this.#data === call) this.#data = undefined;
      call.end();
      this.#changed();
    });
    if (delivery === 'at-least-once') {
      this.#unsent = [...this.#replay.unacknowledged()].map((message) => encodeMessage(message));
    }
    this.#flush();
    this.#changed();
  }

  async #take(call: DataCall, bytes: Buffer): Promise<void> {
    const packet = readPacket(bytes);
    if (packet.frame === undefined && packet.metadata.get(HEARTBEAT_KEY) === 'true') {
      this.heartbeats += 1;
      this.#changed();
      return;
    }
    const message = decodePacket(packet);
    if (message === undefined) return;
    const taken = this.#received.send(message);
    if (this.#received.size >= (this.#options.capacity ?? 64)) call.pause();
    this.#changed();
    await taken.catch(() => {}); // Closed: nobody wants it any more.
    call.resume();
  }

  #flush(): void {
    const call = this.#data;
    if (call === undefined) return;
    while (!this.#blocked) {
      const bytes = this.#unsent.shift();
      if (bytes === undefined) break;
      this.#blocked = !call.write(bytes);
    }
    if (this.#unsent.length > 0 || this.#blocked) return;
    for (const resolve of this.#room.splice(0)) resolve();
  }

  #changed(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }
}
