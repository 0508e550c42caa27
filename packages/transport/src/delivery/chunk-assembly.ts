import type { Clock } from '@engramkit/core';
import type { StreamEnvelope } from '@engramkit/engram';
import { TransportError } from '../link/transport-error.js';
import type { DataPacket } from '../wire/data-packet.js';

/** The limits of reassembly. Source: bobrapet-streaming section 5.5. */
export interface ChunkLimits {
  readonly maxChunks: number;
  readonly maxChunkBytes: number;
  readonly maxTotalBytes: number;
  readonly maxAssemblies: number;
  /** How long an assembly waits for its next chunk. */
  readonly lifetimeMs: number;
}

/** The limits of the wire. */
export const CHUNK_LIMITS: ChunkLimits = {
  maxChunks: 256,
  maxChunkBytes: 10_485_760,
  maxTotalBytes: 67_108_864,
  maxAssemblies: 256,
  lifetimeMs: 120_000,
};

interface Assembly {
  readonly first: DataPacket;
  readonly count: number;
  readonly parts: Map<number, Uint8Array>;
  bytes: number;
  touchedAt: number;
}

/** Joins the chunks of inbound packets; one per session. Source: bobrapet-streaming section 5.5. */
export class ChunkAssembler {
  readonly #clock: Clock;
  readonly #limits: ChunkLimits;
  readonly #open = new Map<string, Assembly>();
  #bytes = 0;

  constructor(clock: Clock, limits: ChunkLimits = CHUNK_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many packets are incomplete. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * The packet itself when it is no chunk, the joined packet with the last of its chunks, and `undefined` before.
   *
   * Throws `CHUNK_REFUSED`, which ends the session.
   */
  add(packet: DataPacket): DataPacket | undefined {
    const { envelope, frame } = packet;
    if (envelope === undefined || !isChunk(envelope)) return packet;
    this.sweep();
    const { maxChunks, maxChunkBytes, maxTotalBytes, maxAssemblies } = this.#limits;
    const { chunkId = '', streamId = '', partition = '' } = envelope;
    const { chunkCount = 0, chunkIndex = 0, chunkBytes = 0 } = envelope;
    if (chunkId.trim() === '') throw refused('chunked publish request missing chunk_id');
    if (streamId.trim() === '') throw refused('chunked publish request missing stream_id');
    if (chunkCount === 0) throw refused('chunked publish request missing chunk_count');
    if (chunkIndex >= chunkCount) {
      throw refused(`chunk_index ${chunkIndex} out of range (count ${chunkCount})`);
    }
    if (chunkCount > maxChunks) {
      throw refused(`chunk_count ${chunkCount} exceeds max chunks per assembly ${maxChunks}`);
    }
    if (frame?.kind !== 'binary') throw refused('chunked publish request missing binary frame');
    const size = frame.payload.byteLength;
    if (size > maxChunkBytes) throw refused(`chunk of ${size} bytes exceeds max chunk size`);
    if (chunkBytes > 0 && chunkBytes !== size) {
      throw refused(`chunk_bytes ${chunkBytes} does not match payload size ${size}`);
    }
    const key = [streamId, ...(partition === '' ? [] : [partition]), chunkId].join('|');
    let assembly = this.#open.get(key);
    if (assembly === undefined && this.#open.size >= maxAssemblies) {
      throw refused(`too many chunk assemblies in flight (${maxAssemblies})`);
    }
    if (this.#bytes + size > maxTotalBytes) {
      throw refused(`chunk reassembly buffer exceeded (${maxTotalBytes} bytes)`);
    }
    if (assembly === undefined) {
      assembly = { first: packet, count: chunkCount, parts: new Map(), bytes: 0, touchedAt: 0 };
      this.#open.set(key, assembly);
    }
    if (assembly.count !== chunkCount) throw refused(`chunk_count mismatch for ${chunkId}`);
    assembly.touchedAt = this.#clock.monotonic();
    if (assembly.parts.has(chunkIndex)) return undefined;
    assembly.parts.set(chunkIndex, frame.payload);
    assembly.bytes += size;
    this.#bytes += size;
    if (assembly.parts.size < assembly.count) return undefined;
    this.#open.delete(key);
    this.#bytes -= assembly.bytes;
    return joined(assembly);
  }

  /** Forgets what got no chunk for too long. */
  sweep(): void {
    const oldest = this.#clock.monotonic() - this.#limits.lifetimeMs;
    for (const [key, assembly] of this.#open) {
      if (assembly.touchedAt > oldest) continue;
      this.#open.delete(key);
      this.#bytes -= assembly.bytes;
    }
  }
}

function isChunk(envelope: StreamEnvelope): boolean {
  const { chunkId = '', chunkIndex = 0, chunkCount = 0, chunkBytes = 0, totalBytes = 0 } = envelope;
  return chunkId !== '' || chunkIndex + chunkCount + chunkBytes + totalBytes > 0;
}

/** The packet of the chunk that came first, with all bytes. */
function joined({ first, count, parts, bytes }: Assembly): DataPacket {
  const { frame, envelope } = first;
  const total = envelope?.totalBytes ?? 0;
  if (total > 0 && total !== bytes) {
    throw refused(`total_bytes ${total} does not match assembled payload ${bytes}`);
  }
  const payload = Buffer.concat(
    Array.from({ length: count }, (_, index) => parts.get(index) ?? new Uint8Array(0)),
  );
  const { streamId, sequence, partition } = envelope ?? {};
  return {
    ...first,
    ...(frame?.kind === 'binary' ? { frame: { ...frame, payload } } : {}),
    envelope: {
      ...(streamId === undefined ? {} : { streamId }),
      ...(sequence === undefined ? {} : { sequence }),
      ...(partition === undefined ? {} : { partition }),
    },
  };
}

function refused(reason: string): TransportError {
  return new TransportError(reason, {
    code: 'CHUNK_REFUSED',
    retry: 'safe',
    hint: 'The sender of the chunks is at fault; the session begins anew.',
  });
}
