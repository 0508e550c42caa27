import { hash } from 'node:crypto';
import { InvalidInputError } from '@engramkit/core';

/** The root of a tree without leaves: the hash of nothing. Source: RFC 6962 section 2.1. */
export const EMPTY_ROOT: string = hash('sha256', '', 'hex');

const leafInput = Buffer.alloc(33);
const nodeInput = Buffer.alloc(65);
nodeInput[0] = 1;

function hashLeaf(entryHash: string): Buffer {
  leafInput.write(entryHash, 1, 32, 'hex');
  return hash('sha256', leafInput, 'buffer');
}

function hashNode(left: Buffer, right: Buffer): Buffer {
  left.copy(nodeInput, 1);
  right.copy(nodeInput, 33);
  return hash('sha256', nodeInput, 'buffer');
}

/**
 * The Merkle tree over entry hashes, grown leaf by leaf with memory for one hash per level.
 *
 * Leaf `SHA-256(0x00 ‖ h)`, node `SHA-256(0x01 ‖ left ‖ right)`. Source: provenance section 8.6, RFC 6962 section 2.1.
 */
export class MerkleTree {
  #size: number;
  readonly #frontier: Buffer[];

  private constructor(size: number, frontier: Buffer[]) {
    this.#size = size;
    this.#frontier = frontier;
  }

  static empty(): MerkleTree {
    return new MerkleTree(0, []);
  }

  /** A tree that grows on from a frontier that {@link MerkleTree.frontier} gave. */
  static from(size: number, frontier: readonly string[]): MerkleTree {
    if (frontier.length !== populationCount(size)) {
      throw new InvalidInputError(
        `a tree of ${size} leaves has no frontier of ${frontier.length} hashes`,
        {
          code: 'LEDGER_CHECKPOINT_INVALID',
          hint: 'Verify the ledger.',
        },
      );
    }
    return new MerkleTree(
      size,
      frontier.map((text) => Buffer.from(text, 'hex')),
    );
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#size;
  }

  /** The roots of the perfect subtrees, largest first, in hex: all that is needed to grow on. */
  frontier(): readonly string[] {
    return this.#frontier.map((node) => node.toString('hex'));
  }

  /** Adds the hash of the next entry. */
  append(entryHash: string): void {
    let node = hashLeaf(entryHash);
    for (let bits = this.#size; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      const left = this.#frontier.pop();
      if (left !== undefined) node = hashNode(left, node);
    }
    this.#frontier.push(node);
    this.#size += 1;
  }

  /** The root in hex. */
  root(): string {
    let node: Buffer | undefined;
    for (const left of this.#frontier.toReversed()) {
      node = node === undefined ? left : hashNode(left, node);
    }
    return node === undefined ? EMPTY_ROOT : node.toString('hex');
  }
}

/** The root over these entry hashes, in hex. */
export function merkleRoot(entryHashes: Iterable<string>): string {
  const tree = MerkleTree.empty();
  for (const entryHash of entryHashes) tree.append(entryHash);
  return tree.root();
}

/**
 * The hashes that lead from entry `index` to the root of the tree over all `entryHashes`.
 *
 * Source: RFC 6962 section 2.1.1.
 */
export function inclusionProof(entryHashes: readonly string[], index: number): readonly string[] {
  if (!Number.isInteger(index) || index < 0 || index >= entryHashes.length) {
    throw outside('entry', index, entryHashes.length);
  }
  return path(entryHashes, index, 0, entryHashes.length).map(hex);
}

/**
 * The hashes that show that the tree of the first `size` entries is the beginning of the tree over all `entryHashes`.
 *
 * Source: RFC 6962 section 2.1.2.
 */
export function consistencyProof(entryHashes: readonly string[], size: number): readonly string[] {
  if (!Number.isInteger(size) || size < 1 || size > entryHashes.length) {
    throw outside('size', size, entryHashes.length);
  }
  return subproof(entryHashes, size, 0, entryHashes.length, true).map(hex);
}

/** Whether the proof leads from the entry's hash at `index` to `root` of a tree of `size` entries. */
export function verifyInclusion(claim: {
  readonly entryHash: string;
  readonly index: number;
  readonly size: number;
  readonly root: string;
  readonly proof: readonly string[];
}): boolean {
  if (claim.index < 0 || claim.index >= claim.size || !claim.proof.every(isHash)) return false;
  let node: Buffer = hashLeaf(claim.entryHash);
  let at = claim.index;
  let last = claim.size - 1;
  for (const text of claim.proof) {
    if (last === 0) return false;
    const sibling = Buffer.from(text, 'hex');
    if (at % 2 === 1 || at === last) {
      node = hashNode(sibling, node);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else node = hashNode(node, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hex(node) === claim.root;
}

/** Whether the proof shows that the tree with `firstRoot` is the beginning of the tree with `secondRoot`. */
export function verifyConsistency(claim: {
  readonly firstSize: number;
  readonly firstRoot: string;
  readonly secondSize: number;
  readonly secondRoot: string;
  readonly proof: readonly string[];
}): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot } = claim;
  if (firstSize < 1 || firstSize > secondSize || !claim.proof.every(isHash)) return false;
  if (firstSize === secondSize) return claim.proof.length === 0 && firstRoot === secondRoot;
  const proof: Buffer[] = claim.proof.map((text) => Buffer.from(text, 'hex'));
  if (populationCount(firstSize) === 1) proof.unshift(Buffer.from(firstRoot, 'hex'));
  let at = firstSize - 1;
  let last = secondSize - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  let first: Buffer | undefined = proof[0];
  if (first === undefined) return false;
  let second: Buffer = first;
  for (const sibling of proof.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      first = hashNode(sibling, first);
      second = hashNode(sibling, second);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else second = hashNode(second, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hex(first) === firstRoot && hex(second) === secondRoot;
}

function path(hashes: readonly string[], index: number, from: number, to: number): Buffer[] {
  if (to - from === 1) return [];
  const middle = from + splitOf(to - from);
  return index < middle
    ? [...path(hashes, index, from, middle), rootOf(hashes, middle, to)]
    : [...path(hashes, index, middle, to), rootOf(hashes, from, middle)];
}

function subproof(
  hashes: readonly string[],
  size: number,
  from: number,
  to: number,
  whole: boolean,
): Buffer[] {
  if (size === to) return whole ? [] : [rootOf(hashes, from, to)];
  const middle = from + splitOf(to - from);
  return size <= middle
    ? [...subproof(hashes, size, from, middle, whole), rootOf(hashes, middle, to)]
    : [...subproof(hashes, size, middle, to, false), rootOf(hashes, from, middle)];
}

function rootOf(hashes: readonly string[], from: number, to: number): Buffer {
  return Buffer.from(merkleRoot(hashes.slice(from, to)), 'hex');
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function populationCount(size: number): number {
  let count = 0;
  for (let bits = size; bits > 0; bits = Math.floor(bits / 2)) count += bits % 2;
  return count;
}

function hex(node: Buffer): string {
  return node.toString('hex');
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function outside(what: string, value: number, count: number): InvalidInputError {
  return new InvalidInputError(`${what} ${value} is not in a tree of ${count} entries`, {
    code: 'LEDGER_INDEX_INVALID',
    hint: 'Indexes run from 0 to the number of entries minus one.',
  });
}
