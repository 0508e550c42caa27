/** The kinds with a meaning of their own; authors may use any other name. */
export type StreamKind = 'data' | 'heartbeat' | 'noop' | 'error' | (string & {});

/** Uncompressed or encoded audio; little-endian samples for PCM codecs. */
export interface AudioFrame {
  readonly pcm: Uint8Array;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly codec?: string;
  /** Position in the medium, milliseconds. */
  readonly timestampMs?: number;
}

/** One picture, raw or encoded. */
export interface VideoFrame {
  readonly payload: Uint8Array;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly raw?: boolean;
  /** Position in the medium, milliseconds. */
  readonly timestampMs?: number;
}

/** Bytes with a media type. */
export interface BinaryFrame {
  readonly payload: Uint8Array;
  readonly mimeType?: string;
  /** Position in the medium, milliseconds. */
  readonly timestampMs?: number;
}

/** One of the transports that a story offers to a step. */
export interface TransportDescriptor {
  readonly name: string;
  readonly kind?: string;
  readonly mode?: string;
  readonly typedConfig?: { readonly transportRef?: string; readonly modeReason?: string };
}

/** Sequence, partition and chunk facts of a packet. Source: bobrapet-streaming section 1.2. */
export interface StreamEnvelope {
  readonly streamId?: string;
  readonly sequence?: bigint;
  readonly partition?: string;
  readonly chunkId?: string;
  readonly chunkIndex?: number;
  readonly chunkCount?: number;
  readonly chunkBytes?: number;
  readonly totalBytes?: number;
}

/**
 * One message of a stream.
 *
 * At most one of `audio`, `video` and `binary` is set. `payload` and `inputs` are JSON text as bytes; the message builders and
 * `messageJson` convert. Source: bobrapet-streaming sections 4.1 and 4.4.
 */
export interface StreamMessage {
  readonly kind?: StreamKind;
  readonly messageId?: string;
  /** Wall clock, whole milliseconds since 1970-01-01T00:00:00Z. */
  readonly timestampMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly payload?: Uint8Array;
  readonly audio?: AudioFrame;
  readonly video?: VideoFrame;
  readonly binary?: BinaryFrame;
  readonly inputs?: Uint8Array;
  readonly transports?: readonly TransportDescriptor[];
  readonly envelope?: StreamEnvelope;
}

/** A message that came in; `done` acknowledges it. */
export interface InboundMessage extends StreamMessage {
  /**
   * Says that the message is processed and need not be sent again. Works once, never throws.
   *
   * Call it in order of arrival within a stream and partition. Source: bobrapet-streaming section 5.2.
   */
  done(): void;
}
