import type { StreamEnvelope } from '@engramkit/engram';
import { manualClock } from '@engramkit/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DataPacket } from '../wire/data-packet.js';
import { CHUNK_LIMITS, ChunkAssembler } from './chunk-assembly.js';

function chunk(text: string, envelope: StreamEnvelope): DataPacket {
  return {
    frame: { kind: 'binary', payload: Buffer.from(text), mimeType: 'text/plain', timestampMs: 0 },
    metadata: new Map(),
    transports: [],
    envelope: { streamId: 's', sequence: 7n, chunkId: 'c', ...envelope },
  };
}

test('joins chunks in any order of arrival, repeats included, and clears the chunk fields', () => {
  const parts = fc.array(fc.string({ minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(parts, fc.infiniteStream(fc.nat()), (texts, random) => {
      const assembler = new ChunkAssembler(manualClock());
      const order = texts.map((_, index) => index).sort(() => (random.next().value % 2) - 0.5);
      const chunks = order.map((index) =>
        chunk(texts[index] ?? '', { chunkIndex: index, chunkCount: texts.length }),
      );
      const [first, ...rest] = chunks;
      const repeated = rest.length === 0 ? chunks : [first, first, ...rest];
      const joined = repeated.flatMap((one) => (one && assembler.add(one)) ?? []);
      expect(joined).toHaveLength(1);
      const frame = joined[0]?.frame;
      expect(frame?.kind === 'binary' && Buffer.from(frame.payload).toString()).toBe(
        texts.join(''),
      );
      expect(joined[0]?.envelope).toEqual({ streamId: 's', sequence: 7n });
      expect(assembler.open).toBe(0);
    }),
  );
});

test.each<[StreamEnvelope, string]>([
  [{ chunkId: '', chunkCount: 2 }, 'missing chunk_id'],
  [{ streamId: '', chunkCount: 2 }, 'missing stream_id'],
  [{ chunkIndex: 1 }, 'missing chunk_count'],
  [{ chunkIndex: 5, chunkCount: 2 }, 'chunk_index 5 out of range (count 2)'],
  [{ chunkCount: 257 }, 'exceeds max chunks per assembly 256'],
  [{ chunkCount: 2, chunkBytes: 9 }, 'does not match payload size'],
  [{ chunkCount: 1, totalBytes: 9 }, 'total_bytes 9 does not match'],
])('refuses the chunk %j', (envelope, text) => {
  expect(() => new ChunkAssembler(manualClock()).add(chunk('ab', envelope))).toThrow(text);
});

test('refuses other counts, too many assemblies and too many bytes', () => {
  const limits = { ...CHUNK_LIMITS, maxAssemblies: 2, maxTotalBytes: 5, maxChunkBytes: 3 };
  const assembler = new ChunkAssembler(manualClock(), limits);
  expect(() => assembler.add(chunk('abcd', { chunkCount: 2 }))).toThrow('exceeds max chunk size');
  assembler.add(chunk('ab', { chunkCount: 2 }));
  expect(() => assembler.add(chunk('x', { chunkIndex: 1, chunkCount: 3 }))).toThrow(
    'mismatch for c',
  );
  assembler.add(chunk('ab', { chunkId: 'd', chunkCount: 2 }));
  expect(() => assembler.add(chunk('a', { chunkId: 'e', chunkCount: 2 }))).toThrow(
    'too many chunk',
  );
  expect(() => assembler.add(chunk('ab', { chunkIndex: 1, chunkCount: 2 }))).toThrow('exceeded');
});

test('forgets an assembly two minutes after its last chunk', async () => {
  const clock = manualClock();
  const assembler = new ChunkAssembler(clock);
  assembler.add(chunk('a', { chunkCount: 2 }));
  await clock.advance(119_999);
  assembler.sweep();
  expect(assembler.open).toBe(1);
  await clock.advance(1);
  assembler.sweep();
  expect(assembler.open).toBe(0);
});
