import type { Clock } from '@engramkit/core';
import type { ControlDirective, Logger } from '@engramkit/engram';
import type { OutboundQueue } from '../delivery/outbound-queue.js';
import type { DataPacket } from '../wire/data-packet.js';
import type { TransportBinding } from './binding.js';
import type { ControlHandler } from './session-control.js';
import type { TransportSettings } from './settings.js';

/** What a session needs. */
export interface SessionOptions {
  readonly binding: TransportBinding;
  readonly settings: TransportSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Certificates that are trusted beside those of the platform, PEM. */
  readonly ca?: string | undefined;
  readonly handler: ControlHandler | undefined;
  readonly outbound: OutboundQueue;
  /** Told when messages may flow. */
  readonly onReady: () => void;
  readonly onDirective: (directive: ControlDirective) => void;
  /** Takes a complete packet; `false` says that no more can be taken for now. */
  readonly onPacket: (packet: DataPacket, sizeBytes: number) => boolean;
}
