import type { FileSystem, OpenFile } from '../../src/file-system.js';

interface Stored {
  bytes: Buffer;
  /** What survives a power failure. */
  durable: number;
  modifiedMs: number;
}

/** The process died at the chosen step; nothing happens after it. */
export class Crash extends Error {}

/**
 * Files in memory that count every step that changes something and can stop at one of them.
 *
 * At the step `stopAt`, a write takes only `tornBytes` of its bytes; from then on every call rejects, as in a dead process.
 */
export class MemoryFiles implements FileSystem {
  readonly stored = new Map<string, Stored>();
  steps = 0;
  stopAt = Number.POSITIVE_INFINITY;
  tornBytes = 0;
  bytesWritten = 0;
  syncs = 0;
  dead = false;
  /** Throws for a write, to play a full disk; returns how many bytes are taken. */
  onWrite: ((path: string, bytes: Uint8Array) => number) | undefined;

  /** A copy of what a new process finds; `power: 'lost'` cuts every file to what was synced. */
  afterCrash(options: { readonly power?: 'lost' } = {}): MemoryFiles {
    const next = new MemoryFiles();
    for (const [path, file] of this.stored) {
      const size = options.power === 'lost' ? file.durable : file.bytes.length;
      next.stored.set(path, {
        bytes: Buffer.from(file.bytes.subarray(0, size)),
        durable: size,
        modifiedMs: file.modifiedMs,
      });
    }
    return next;
  }

  #step(): boolean {
    if (this.dead) throw new Crash('dead');
    this.steps += 1;
    if (this.steps < this.stopAt) return true;
    this.dead = true;
    return false;
  }

  #change(): void {
    if (!this.#step()) throw new Crash('stopped');
  }

  async makeDirectory(): Promise<void> {
    this.#change();
  }

  async list(path: string): Promise<readonly string[]> {
    if (this.dead) throw new Crash('dead');
    const prefix = `${path}/`;
    return [...this.stored.keys()]
      .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
      .map((name) => name.slice(prefix.length));
  }

  async stat(path: string): Promise<{ size: number; modifiedMs: number } | undefined> {
    const file = this.stored.get(path);
    return file === undefined
      ? undefined
      : { size: file.bytes.length, modifiedMs: file.modifiedMs };
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    return this.stored.get(path)?.bytes;
  }

  async createFile(path: string, content: string): Promise<boolean> {
    this.#change();
    if (this.stored.has(path)) return false;
    const bytes = Buffer.from(content);
    this.stored.set(path, { bytes, durable: bytes.length, modifiedMs: 0 });
    return true;
  }

  async openForReading(path: string): Promise<OpenFile | undefined> {
    const file = this.stored.get(path);
    return file === undefined ? undefined : this.#handle(path, file);
  }

  async openForAppending(
    path: string,
    { create }: { readonly create: boolean },
  ): Promise<OpenFile> {
    let file = this.stored.get(path);
    if (file !== undefined && create) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    if (file === undefined) {
      this.#change();
      file = { bytes: Buffer.alloc(0), durable: 0, modifiedMs: 0 };
      this.stored.set(path, file);
    }
    return this.#handle(path, file);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#change();
    const file = this.stored.get(from);
    if (file === undefined) throw Object.assign(new Error('missing'), { code: 'ENOENT' });
    this.stored.delete(from);
    this.stored.set(to, file);
  }

  async remove(path: string): Promise<boolean> {
    this.#change();
    return this.stored.delete(path);
  }

  async touch(path: string, timeMs: number): Promise<boolean> {
    const file = this.stored.get(path);
    if (file !== undefined) file.modifiedMs = timeMs;
    return file !== undefined;
  }

  async syncDirectory(): Promise<void> {
    this.#change();
  }

  #handle(path: string, file: Stored): OpenFile {
    return {
      write: async (bytes) => {
        const going = this.#step();
        const taken = going
          ? (this.onWrite?.(path, bytes) ?? bytes.length)
          : Math.min(this.tornBytes, bytes.length);
        file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, taken)]);
        this.bytesWritten += taken;
        if (!going) throw new Crash('stopped');
        return taken;
      },
      read: async (target, position) => {
        const part = file.bytes.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
      size: async () => file.bytes.length,
      truncate: async (size) => {
        this.#change();
        file.bytes = Buffer.from(file.bytes.subarray(0, size));
        file.durable = Math.min(file.durable, size);
      },
      datasync: async () => {
        this.#change();
        this.syncs += 1;
        file.durable = file.bytes.length;
      },
      close: async () => undefined,
    };
  }
}
