import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { EngramkitError, parseJson } from '@engramkit/core';
import type { EventLog, EventLogRecord } from '../log/event-log.js';

/** Options of {@link fileEventLog}. */
export interface FileEventLogOptions {
  /** A directory of its own for every runtime; made when missing, readable by this user only. */
  readonly directory: string;
  /**
   * Whether every group of records is forced to the disk before its frames leave; default `false`: then a crash of the program
   * loses nothing, and one of the whole machine at most the last moment.
   */
  readonly forceToDisk?: boolean;
  /** From how many bytes on the file may be rewritten; default 64 MiB. */
  readonly rewriteFromBytes?: number;
}

const FILE = 'events.jsonl';
const LOCK = 'lock';
const REWRITE_FROM_BYTES = 64 * 1024 * 1024;
/** A rewrite pays when the file has grown to this many times what it was after the last one. */
const GROWTH = 4;
/** A snapshot is written in pieces of about this many characters. */
const PIECE = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * A log of JSON lines in one file, appended in groups, rewritten when most of it is outdated.
 *
 * Throws `EVENT_LOG_LOCKED` when another process uses the directory, and `EVENT_LOG_DAMAGED` for a broken line that is not the
 * last one; a last line that was cut off by a crash is left out.
 */
export function fileEventLog(options: FileEventLogOptions): EventLog {
  return new FileEventLog(options);
}

class FileEventLog implements EventLog {
  readonly #options: FileEventLogOptions;
  readonly #path: string;
  readonly #lock: string;
  #descriptor: number | undefined;
  #bytes = 0;
  #bytesAfterRewrite = 0;

  constructor(options: FileEventLogOptions) {
    this.#options = options;
    this.#path = join(options.directory, FILE);
    this.#lock = join(options.directory, LOCK);
  }

  async load(): Promise<Iterable<EventLogRecord>> {
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    takeLock(this.#lock);
    const text = existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '';
    const end = text.lastIndexOf('\n') + 1;
    const whole = text.slice(0, end);
    this.#bytes = Buffer.byteLength(whole);
    this.#descriptor = openSync(this.#path, 'a', 0o600);
    // A line that was cut off must not become the beginning of the next one.
    if (end < text.length) this.replace(records(whole, this.#path));
    return [...records(whole, this.#path)];
  }

  append(group: readonly EventLogRecord[]): void {
    let text = '';
    for (const record of group) text += `${JSON.stringify(record)}\n`;
    this.#write(text);
    if (this.#options.forceToDisk === true) fdatasyncSync(this.#open());
  }

  get wantsReplacement(): boolean {
    const least = this.#options.rewriteFromBytes ?? REWRITE_FROM_BYTES;
    return this.#bytes > Math.max(least, this.#bytesAfterRewrite * GROWTH);
  }

  replace(all: Iterable<EventLogRecord>): void {
    const fresh = `${this.#path}.new`;
    const before = this.#descriptor;
    const descriptor = openSync(fresh, 'w', 0o600);
    try {
      let bytes = 0;
      let piece = '';
      for (const record of all) {
        piece += `${JSON.stringify(record)}\n`;
        if (piece.length < PIECE) continue;
        bytes += writeAll(descriptor, piece);
        piece = '';
      }
      bytes += writeAll(descriptor, piece);
      fsyncSync(descriptor);
      renameSync(fresh, this.#path);
      this.#descriptor = descriptor;
      this.#bytes = bytes;
      this.#bytesAfterRewrite = bytes;
    } catch (error) {
      closeSync(descriptor);
      rmSync(fresh, { force: true });
      throw error;
    }
    if (before !== undefined) closeSync(before);
  }

  async close(): Promise<void> {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    rmSync(this.#lock, { force: true });
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    throw new EngramkitError('the event log is closed', { code: 'EVENT_LOG_CLOSED' });
  }

  #write(text: string): void {
    const descriptor = this.#open();
    try {
      this.#bytes += writeAll(descriptor, text);
    } catch (error) {
      // Half a group must not stay: it is appended again as a whole.
      ftruncateSync(descriptor, this.#bytes);
      throw error;
    }
  }
}

/** A short write is continued: all of a group is in the file, or the call throws. */
function writeAll(descriptor: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  return bytes.length;
}

function* records(text: string, path: string): Generator<EventLogRecord> {
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    line += 1;
    try {
      yield parseJson(text.slice(at, end), {
        maxBytes: MAX_LINE_BYTES,
        prototypeKeys: 'keep',
        what: `line ${line} of the event log`,
      }) as unknown as EventLogRecord; // Written by ourselves, in a directory that only we write.
    } catch (cause) {
      throw new EngramkitError(`line ${line} of ${path} cannot be read`, {
        code: 'EVENT_LOG_DAMAGED',
        cause,
        hint: 'Move the directory away to start with nothing, or take the file back from a backup.',
      });
    }
    at = end + 1;
  }
}

/** One process at a time; the lock of a process that is gone is taken over. */
function takeLock(path: string): void {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(path, 'utf8'));
      if (owner !== process.pid && isAlive(owner)) {
        throw new EngramkitError(`the process ${owner} uses this event log already`, {
          code: 'EVENT_LOG_LOCKED',
          details: { path, pid: owner },
          hint: 'Give every runtime a directory of its own, or stop the other process.',
        });
      }
      rmSync(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
