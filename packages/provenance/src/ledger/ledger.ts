import { InvalidInputError, type JsonObject, type Timer } from '@engramkit/core';
import { SessionClosedError } from '../errors.js';
import { EventSource } from '../event-source.js';
import { formatMicroseconds } from '../time.js';
import { formatEntryLine, hashEntry, type LedgerEntryKind } from './entry.js';
import { canonicalBody } from './entry-body.js';
import type { LedgerEvents, LedgerReceipt, LedgerRecovery } from './ledger-events.js';
import type { LedgerStart, LedgerWriting } from './ledger-start.js';
import type { MerkleTree } from './merkle.js';
import { type LedgerSigner, sealBody } from './seal.js';
import { SegmentWriter } from './segment-writer.js';
import type { WriterLock } from './writer-lock.js';

/**
 * An append-only, hash-chained log with one writer, open for appending.
 *
 * Every entry is one line of JSON and carries the hash of the entry before it. Checkpoints with a Merkle root, signed if there is
 * a signer, follow every `checkpointEvery` entries. Release or close the ledger to give its lock back; `await using` releases.
 * Source: provenance section 8.
 */
export class Ledger implements AsyncDisposable {
  /** Identity of the ledger: a UUID, in its first entry. */
  readonly id: string;
  readonly name: string;
  readonly directory: string;
  /** Set when opening found a torn tail: what was put aside. A note in the ledger says the same. */
  readonly recovered: LedgerRecovery | undefined;
  readonly #writing: LedgerWriting;
  readonly #writer: SegmentWriter;
  readonly #lock: WriterLock;
  readonly #tree: MerkleTree;
  readonly #events = new EventSource<LedgerEvents>();
  #head: string;
  #segment: number;
  #segmentBytes: number;
  #sinceCheckpoint: number;
  #state: 'open' | 'closed' | 'released' = 'open';
  #heart: Timer | undefined;
  #signer: LedgerSigner | undefined;

  /** @internal Use `openLedger`. */
  constructor(writing: LedgerWriting, start: LedgerStart) {
    this.id = start.id;
    this.name = writing.name;
    this.directory = writing.directory;
    this.#writing = writing;
    this.#lock = start.lock;
    this.#tree = start.tree;
    this.#head = start.head;
    this.#segment = start.segment;
    this.#segmentBytes = start.segmentBytes;
    this.#sinceCheckpoint = start.sinceCheckpoint;
    this.#signer = writing.signer;
    this.recovered = start.recovered;
    this.#writer = new SegmentWriter(
      {
        ...writing,
        mayWrite: async () => !this.#lock.doubtful || (await this.#lock.confirm()),
        onBroken: (error) => {
          this.#heart?.cancel();
          this.#events.tell('broken', error);
        },
        onRotated: (segment) => this.#events.tell('rotated', { segment }),
      },
      { file: start.file, segment: start.segment, bytes: start.segmentBytes },
    );
    this.#beat();
  }

  /** How many entries the ledger has, counting those that are still on their way to the file. */
  get size(): number {
    return this.#tree.size;
  }

  /** Hash of the last entry, counting those that are still on their way to the file. */
  get head(): string {
    return this.#head;
  }

  /** Whether entries can be appended. */
  get isOpen(): boolean {
    return this.#state === 'open' && this.#writer.broken === undefined;
  }

  /** Calls `listener` on every event of that name; returns what stops it. */
  on<Name extends keyof LedgerEvents>(name: Name, listener: LedgerEvents[Name]): () => void {
    return this.#events.on(name, listener);
  }

  /** @internal Writes the first entry of a new ledger. */
  begin(header: JsonObject): Promise<LedgerReceipt> {
    return this.#push('open', canonicalBody(header));
  }

  /**
   * Appends one entry; resolves when it is acknowledged under the sync policy.
   *
   * The body is copied at once: later changes do not reach the ledger. A body that has no RFC 8785 form is refused with
   * `LEDGER_BODY_INVALID` and leaves the ledger as it was. Rejects with `LEDGER_QUEUE_FULL` when too much waits already, and with
   * `LedgerBrokenError` after a failed write.
   */
  append(
    body: JsonObject,
    options: { readonly kind?: 'action' | 'note' } = {},
  ): Promise<LedgerReceipt> {
    try {
      return this.enqueue(body, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Appends one entry as {@link Ledger.append} does, but refuses by throwing at once: when it returns, the entry has its place, and
   * the promise tells when it is acknowledged.
   */
  enqueue(
    body: JsonObject,
    options: { readonly kind?: 'action' | 'note' } = {},
  ): Promise<LedgerReceipt> {
    this.#demandOpen();
    const bodyText = canonicalBody(body);
    if (!this.#writer.hasRoom(bodyText.length)) {
      throw new InvalidInputError(`ledger "${this.name}" has too many entries waiting`, {
        code: 'LEDGER_QUEUE_FULL',
        retry: 'safe',
        hint: 'Await earlier appends before making new ones, or raise maxQueuedBytes.',
      });
    }
    const receipt = this.#push(options.kind ?? 'action', bodyText);
    const { checkpointEvery, maxSegmentBytes } = this.#writing;
    if (this.#segmentBytes >= maxSegmentBytes) this.#rotate();
    else if (checkpointEvery > 0 && this.#sinceCheckpoint >= checkpointEvery) {
      this.#seal('checkpoint', {}).catch(() => undefined); // A failed write rejects the append as well.
    }
    return receipt;
  }

  /** Appends a checkpoint now: the Merkle root over all entries so far, signed if there is a signer. */
  async checkpoint(): Promise<LedgerReceipt> {
    this.#demandOpen();
    return this.#seal('checkpoint', {});
  }

  /**
   * Goes over to another signing key: a note with the new public key, signed by the old key and the new one, then a checkpoint
   * under the new key.
   *
   * Without an old signer the note is signed by the new key alone, and a verifier must trust that key itself.
   * Source: provenance section 8.7.
   */
  async rotateKey(next: LedgerSigner, publicKey: string): Promise<LedgerReceipt> {
    this.#demandOpen();
    const old = this.#signer;
    const signers = old === undefined ? [next] : [old, next];
    const rotation = {
      from: old?.keyId ?? null,
      to: next.keyId,
      name: next.name,
      public_key: publicKey,
    };
    const time = this.#time();
    const body = sealBody(
      { ledger: this.id, tree: this.#tree, time },
      { key_rotation: rotation },
      signers,
    );
    this.#signer = next;
    await this.#push('note', canonicalBody(body), time);
    return this.#seal('checkpoint', {});
  }

  /** Resolves when everything appended so far is in the file, and synced unless the policy is `none`. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Seals the ledger with a close entry and gives the lock back; nothing can be appended any more. */
  async close(body: JsonObject = {}): Promise<LedgerReceipt> {
    this.#demandOpen();
    const sealed = this.#seal('close', body);
    this.#state = 'closed';
    const receipt = await this.#finish(sealed, true);
    this.#events.tell('closed', receipt);
    return receipt;
  }

  /** Writes what is left and gives the lock back without sealing; the ledger can be opened again. */
  async release(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'released';
    if (this.#writer.broken === undefined) await this.#finish(Promise.resolve(), false);
    else await this.#finish(Promise.resolve(), false).catch(() => undefined); // Told by every append already.
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #finish<Value>(last: Promise<Value>, forget: boolean): Promise<Value> {
    this.#heart?.cancel();
    try {
      const value = await last;
      await this.#writer.flush();
      return value;
    } finally {
      try {
        await this.#writer.close();
      } finally {
        await this.#lock.release({ forget });
      }
    }
  }

  #seal(kind: 'checkpoint' | 'close', extra: JsonObject): Promise<LedgerReceipt> {
    const time = this.#time();
    const signers = this.#signer === undefined ? [] : [this.#signer];
    const body = sealBody({ ledger: this.id, tree: this.#tree, time }, extra, signers);
    const receipt = this.#push(kind, canonicalBody(body), time);
    this.#sinceCheckpoint = 0;
    return receipt;
  }

  /** A checkpoint ends the old file, a note with the frontier begins the new one: each file can be read on its own. */
  #rotate(): void {
    this.#seal('checkpoint', {}).catch(() => undefined); // A failed write breaks the ledger and says so.
    const anchor = {
      segment: this.#segment + 1,
      ledger: this.id,
      size: this.#tree.size,
      root: this.#tree.root(),
      frontier: [...this.#tree.frontier()],
      head: this.#head,
    };
    this.#segment += 1;
    this.#segmentBytes = 0;
    this.#push('note', canonicalBody({ anchor })).catch(() => undefined); // As above.
  }

  #push(kind: LedgerEntryKind, bodyText: string, time = this.#time()): Promise<LedgerReceipt> {
    const raw = { index: this.#tree.size, time, kind, previous: this.#head, bodyText };
    const hash = hashEntry(raw);
    const line = formatEntryLine({ ...raw, hash });
    this.#tree.append(hash);
    this.#head = hash;
    this.#segmentBytes += Buffer.byteLength(line);
    this.#sinceCheckpoint += 1;
    const receipt: LedgerReceipt = { index: raw.index, hash, time, kind };
    return new Promise((resolve, reject) => {
      this.#writer.push({
        line,
        segment: this.#segment,
        receipt,
        resolve: (done) => {
          resolve(done);
          if (this.#events.has('entry')) this.#events.tell('entry', done);
        },
        reject,
      });
    });
  }

  #time(): string {
    return formatMicroseconds(this.#writing.clock.now());
  }

  #demandOpen(): void {
    if (this.#writer.broken !== undefined) throw this.#writer.broken;
    if (this.#state === 'open') return;
    throw new SessionClosedError(`ledger "${this.name}" is ${this.#state}`, {
      code: 'LEDGER_CLOSED',
      hint: this.#state === 'released' ? 'Open it again.' : 'Open a new one.',
    });
  }

  #beat(): void {
    this.#heart = this.#writing.clock.setTimer(
      () => {
        this.#lock.heartbeat().then(
          (held) => {
            if (held && this.#state === 'open') this.#beat();
          },
          () => {
            if (this.#state === 'open') this.#beat(); // A failed sign of life; the next write looks at the lock itself.
          },
        );
      },
      this.#writing.leaseMs / 6,
      { unref: true },
    );
  }
}
