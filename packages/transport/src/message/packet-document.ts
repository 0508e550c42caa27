import { describeThrown, type JsonObject, parseJson, trimSpace } from '@engramkit/core';
import type { StreamMessage, TransportDescriptor } from '@engramkit/engram';
import { invalidMessage } from './invalid-message.js';
import { membersOf } from './json-members.js';

/** The most bytes of a document that are read. Source: bobrapet-streaming section 4.2. */
const MAX_DOCUMENT_BYTES = 10_485_760;

/** The JSON document of a message. Source: bobrapet-streaming section 4.2. */
export function writeDocument(message: StreamMessage): Buffer {
  const { kind = '', messageId = '', timestampMs = 0, metadata } = message;
  const { payload, inputs, transports = [] } = message;
  const implied = hasBytes(payload) || hasBytes(inputs) || transports.length > 0 ? 'data' : '';
  const named = kind === '' ? implied : kind;
  const milliseconds = Math.floor(timestampMs);
  if (milliseconds < 0) throw invalidMessage('envelope timestamp_ms must not be negative');
  let head = '{"version":"v1"';
  if (named !== '') head += `,"kind":"${named}"`;
  if (messageId !== '') head += `,"messageId":${JSON.stringify(messageId)}`;
  if (milliseconds !== 0) head += `,"timestampMs":${milliseconds}`;
  if (metadata !== undefined && Object.keys(metadata).length > 0) {
    head += `,"metadata":${JSON.stringify(metadata)}`;
  }
  const parts: Uint8Array[] = [];
  if (hasBytes(payload)) {
    parts.push(Buffer.from(`${head},"payload":`), withoutMark(payload));
    head = '';
  }
  if (hasBytes(inputs)) {
    parts.push(Buffer.from(`${head},"inputs":`), withoutMark(inputs));
    head = '';
  }
  if (transports.length > 0) {
    head += `,"transports":${JSON.stringify(transports.map(transportMember))}`;
  }
  parts.push(Buffer.from(`${head}}`));
  return Buffer.concat(parts);
}

/** A byte order mark is allowed before a text, not in the middle of one. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function transportMember(transport: TransportDescriptor): JsonObject {
  const { name, kind = '', mode = '', typedConfig } = transport;
  const transportRef = trimSpace(typedConfig?.transportRef ?? '');
  const modeReason = trimSpace(typedConfig?.modeReason ?? '');
  return {
    name,
    ...(kind === '' ? {} : { kind }),
    ...(mode === '' ? {} : { mode }),
    ...(transportRef === '' && modeReason === ''
      ? {}
      : {
          typedConfig: {
            ...(transportRef === '' ? {} : { transportRef }),
            ...(modeReason === '' ? {} : { modeReason }),
          },
        }),
  };
}

/** What a document says. */
export interface PacketDocument {
  readonly kind: string;
  readonly messageId: string;
  readonly timestampMs: number;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly payload?: Uint8Array | undefined;
  readonly inputs?: Uint8Array | undefined;
  readonly transports?: readonly TransportDescriptor[] | undefined;
}

/** Reads a document; throws `INVALID_STREAM_MESSAGE` with `envelope decode failed: …`. */
export function readDocument(bytes: Uint8Array): PacketDocument {
  if (bytes.byteLength === 0)
    throw invalidMessage('envelope decode failed: envelope payload empty');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const value = parseJson(text, {
      what: 'the packet document',
      maxBytes: MAX_DOCUMENT_BYTES,
      // Peers keep the last of two equal keys, and the payload is read with stricter rules by whoever wants it.
      duplicateKeys: 'last',
      prototypeKeys: 'keep',
    });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidMessage('the document is not an object');
    }
    return documentOf(value as JsonObject, text);
  } catch (thrown) {
    throw invalidMessage(`envelope decode failed: ${describeThrown(thrown)}`, thrown);
  }
}

const KEYS = ['kind', 'messageId', 'timestampMs', 'metadata', 'payload', 'inputs', 'transports'];
const KEY_OF = new Map(KEYS.flatMap((key) => [[key, key] as const, [key.toLowerCase(), key]]));

function documentOf(value: JsonObject, text: Buffer): PacketDocument {
  let payload: Uint8Array | undefined;
  let inputs: Uint8Array | undefined;
  const fields: Record<string, unknown> = {};
  for (const { key, start, end } of membersOf(text)) {
    // Peers match keys in any case. Source: bobrapet-streaming section 4.2.
    const known = KEY_OF.get(key) ?? KEY_OF.get(key.toLowerCase());
    if (known === 'payload') payload = text.subarray(start, end);
    else if (known === 'inputs') inputs = text.subarray(start, end);
    else if (known !== undefined) fields[known] = value[key] ?? undefined;
  }
  return {
    kind: trimSpace(textOf(fields.kind, 'kind')),
    messageId: trimSpace(textOf(fields.messageId, 'messageId')),
    timestampMs: integerOf(fields.timestampMs),
    metadata: metadataOf(fields.metadata),
    payload,
    inputs,
    transports: transportsOf(fields.transports),
  };
}

function textOf(value: unknown, name: string): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw invalidMessage(`${name} must be a text`);
}

function integerOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw invalidMessage('timestampMs must be an integer');
}

function metadataOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value) || Object.values(value).some((item) => typeof item !== 'string')) {
    throw invalidMessage('metadata must be an object of texts');
  }
  return value as Readonly<Record<string, string>>; // Every value was looked at.
}

function transportsOf(value: unknown): readonly TransportDescriptor[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalidMessage('transports must be a list');
  return value.map((item: unknown) => {
    if (!isRecord(item)) throw invalidMessage('transports must be a list of objects');
    const kind = textOf(item.kind ?? undefined, 'transports.kind');
    const mode = textOf(item.mode ?? undefined, 'transports.mode');
    const config = isRecord(item.typedConfig) ? item.typedConfig : undefined;
    const transportRef = textOf(config?.transportRef ?? undefined, 'transportRef');
    const modeReason = textOf(config?.modeReason ?? undefined, 'modeReason');
    return {
      name: textOf(item.name ?? undefined, 'transports.name'),
      ...(kind === '' ? {} : { kind }),
      ...(mode === '' ? {} : { mode }),
      ...(config === undefined
        ? {}
        : {
            typedConfig: {
              ...(transportRef === '' ? {} : { transportRef }),
              ...(modeReason === '' ? {} : { modeReason }),
            },
          }),
    };
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether there is at least one byte. */
export function hasBytes(bytes: Uint8Array | undefined): bytes is Uint8Array {
  return bytes !== undefined && bytes.byteLength > 0;
}
