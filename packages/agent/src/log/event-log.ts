import type { Envelope } from '@engramkit/arcp';
import type { JsonObject } from '@engramkit/core';

/** One fact that a runtime must still know after a restart; plain JSON, never a credential value or a token. */
export type EventLogRecord =
  | {
      /** A session was opened; in a snapshot, the session as it is. */
      readonly record: 'session';
      readonly session: string;
      readonly principal: string;
      readonly features: readonly string[];
      readonly dialect: string;
      readonly version: string;
      /** SHA-256 of the valid resume token. */
      readonly token: string;
      readonly sequence: number;
      readonly floor: number;
    }
  | {
      /** A session was resumed: other token, other features. */
      readonly record: 'resumed';
      readonly session: string;
      readonly token: string;
      readonly features: readonly string[];
    }
  | {
      /** A sequenced frame, as it is sent and sent again. */
      readonly record: 'frame';
      readonly session: string;
      readonly envelope: Envelope;
    }
  | {
      /** Frames up to the number are needed no more. */
      readonly record: 'acknowledged';
      readonly session: string;
      readonly sequence: number;
    }
  | {
      /** The transport of a session was lost; its window runs. */
      readonly record: 'detached';
      readonly session: string;
      readonly atMs: number;
    }
  | { readonly record: 'dropped'; readonly session: string }
  | {
      /** A job was accepted. */
      readonly record: 'job';
      readonly job: string;
      readonly agent: string;
      readonly principal: string;
      readonly traceId: string;
      readonly createdAtMs: number;
      readonly lease: JsonObject;
      readonly expiresAt?: string;
      readonly parent?: string;
      readonly owners: readonly string[];
      readonly key?: {
        readonly key: string;
        readonly parameters: string;
        readonly acceptance: JsonObject;
        readonly expiresAtMs: number;
      };
    }
  | { readonly record: 'owner'; readonly job: string; readonly session: string }
  | {
      /** A job ended. Without `payload` the terminal frame of an owner has it. */
      readonly record: 'ended';
      readonly job: string;
      readonly atMs: number;
      readonly type?: string;
      readonly payload?: JsonObject;
    }
  | { readonly record: 'forgotten'; readonly job: string };

/**
 * Keeps what sessions and jobs need to survive a restart of the runtime.
 *
 * The runtime gathers records while an append is under way and hands them over together; frames leave only after their records
 * are stored, so that a client never knows a number that a restarted runtime does not. Source: arcp sections 2.4 and 2.6.
 */
export interface EventLog {
  /** Everything that was appended, oldest first; called once, before anything else. */
  load(): Promise<Iterable<EventLogRecord>>;
  /** Stores records, all or none, in order. Return nothing when that is done already. */
  append(records: readonly EventLogRecord[]): void | Promise<void>;
  /** Whether most of what is kept is needed no more; then `replace` is called. */
  readonly wantsReplacement: boolean;
  /** Puts records in the place of everything, all or nothing. */
  replace(records: Iterable<EventLogRecord>): void | Promise<void>;
  close(): Promise<void>;
}

/** A log in this process: survives the runtime, not the process. For tests and embedding. */
export function memoryEventLog(): EventLog & { readonly records: readonly EventLogRecord[] } {
  let records: EventLogRecord[] = [];
  let replaced = 0;
  return {
    get records() {
      return records;
    },
    // Through text: what would not survive a file does not survive here.
    load: async () => structuredClone(records),
    append(more) {
      for (const record of more) records.push(structuredClone(record));
    },
    get wantsReplacement() {
      return records.length > Math.max(10_000, replaced * 4);
    },
    replace(all) {
      records = structuredClone([...all]);
      replaced = records.length;
    },
    close: async () => undefined,
  };
}
