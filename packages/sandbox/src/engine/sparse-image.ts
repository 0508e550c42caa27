import { SandboxError } from '../wire/sandbox-error.js';

/** Memory is mostly zeros: only pages with something in them are kept. */
const PAGE = 4_096;
const MAGIC = 0x49_4d_47_31;
const HEADER_WORDS = 6;

/** A memory and the words that belong to it. */
export interface MemoryImage {
  readonly memory: Uint8Array;
  /** Pointers of the engine, four of them. */
  readonly words: readonly [number, number, number, number];
}

/** Packs a memory whose size is a multiple of 4,096 bytes. */
export function packImage({ memory, words }: MemoryImage): Uint8Array {
  const pages = memory.byteLength / PAGE;
  const whole = new BigUint64Array(memory.buffer, memory.byteOffset, memory.byteLength / 8);
  const used: number[] = [];
  const step = PAGE / 8;
  for (let page = 0; page < pages; page++) {
    const end = (page + 1) * step;
    for (let at = page * step; at < end; at++) {
      if (whole[at] !== 0n) {
        used.push(page);
        break;
      }
    }
  }
  const head = (HEADER_WORDS + 1 + used.length) * 4;
  const packed = new Uint8Array(head + used.length * PAGE);
  const header = new DataView(packed.buffer);
  const numbers = [MAGIC, pages, ...words, used.length, ...used];
  for (const [index, word] of numbers.entries()) header.setUint32(index * 4, word, true);
  for (const [index, page] of used.entries()) {
    packed.set(memory.subarray(page * PAGE, (page + 1) * PAGE), head + index * PAGE);
  }
  return packed;
}

/** The memory that was packed; throws `SNAPSHOT_CORRUPT` for anything else. */
export function unpackImage(packed: Uint8Array, mostBytes: number): MemoryImage {
  const corrupt = (): SandboxError =>
    new SandboxError('SNAPSHOT_CORRUPT', 'the image of a session is damaged');
  if (packed.byteLength < (HEADER_WORDS + 1) * 4) throw corrupt();
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const word = (index: number): number => view.getUint32(index * 4, true);
  const pages = word(1);
  const used = word(HEADER_WORDS);
  const head = (HEADER_WORDS + 1 + used) * 4;
  if (word(0) !== MAGIC || pages * PAGE > mostBytes || used > pages) throw corrupt();
  if (packed.byteLength !== head + used * PAGE) throw corrupt();
  const memory = new Uint8Array(pages * PAGE);
  for (let index = 0; index < used; index++) {
    const page = word(HEADER_WORDS + 1 + index);
    if (page >= pages) throw corrupt();
    const from = head + index * PAGE;
    memory.set(packed.subarray(from, from + PAGE), page * PAGE);
  }
  return { memory, words: [word(2), word(3), word(4), word(5)] };
}
