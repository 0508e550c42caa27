import type { StreamEnvelope, TransportDescriptor } from '@engramkit/engram';

/** One frame of a packet with the fields of the wire. Source: bobrapet-streaming section 1.2. */
export type PacketFrame =
  | {
      readonly kind: 'audio';
      readonly pcm: Uint8Array;
      readonly sampleRateHz: number;
      readonly channels: number;
      readonly codec: string;
      readonly timestampMs: number;
    }
  | {
      readonly kind: 'video';
      readonly payload: Uint8Array;
      readonly codec: string;
      readonly width: number;
      readonly height: number;
      readonly timestampMs: number;
      readonly raw: boolean;
    }
  | {
      readonly kind: 'binary';
      readonly payload: Uint8Array;
      readonly mimeType: string;
      readonly timestampMs: number;
    };

/**
 * A DataRequest or DataResponse, which have one layout.
 *
 * `payload` and `inputs` are the encoded bytes of a `google.protobuf.Struct`: the document in the frame usually makes them
 * superfluous, so that they are decoded only when they are needed. Source: bobrapet-streaming section 1.2.
 */
export interface DataPacket {
  readonly frame?: PacketFrame | undefined;
  readonly metadata: ReadonlyMap<string, string>;
  readonly payload?: Uint8Array | undefined;
  readonly inputs?: Uint8Array | undefined;
  readonly transports: readonly TransportDescriptor[];
  readonly envelope?: StreamEnvelope | undefined;
}
