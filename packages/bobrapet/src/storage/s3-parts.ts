import { createHash } from 'node:crypto';
import type { ObjectBody } from './object-store.js';

/** Whole parts, and a rest that may be shorter. */
export async function* partsOf(body: ObjectBody, size: number): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
    return;
  }
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (let piece of body) {
    while (held + piece.length >= size) {
      const taken = size - held;
      yield Buffer.concat([...pieces, piece.subarray(0, taken)]);
      piece = piece.subarray(taken);
      pieces = [];
      held = 0;
    }
    if (piece.length === 0) continue;
    // Copied: the producer may fill its buffer again.
    pieces.push(Uint8Array.from(piece));
    held += piece.length;
  }
  if (held > 0) yield Buffer.concat(pieces);
}

/** Items that were taken already, and then those that are left. */
export async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  try {
    for (let item = await rest.next(); item.done !== true; item = await rest.next())
      yield item.value;
  } finally {
    await rest.return?.();
  }
}

/** The headers by which the service checks what arrived. Source: bobrapet-batch section 4.4. */
export function checksums(body: Uint8Array): {
  readonly 'content-md5': string;
  readonly 'x-amz-checksum-sha256': string;
} {
  return {
    'content-md5': createHash('md5').update(body).digest('base64'),
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
  };
}
