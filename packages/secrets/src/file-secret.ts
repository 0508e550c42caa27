import { basename, join, sep } from 'node:path';
import { compareKeys } from './key-order.js';
import { SecretFailure } from './secret-failure.js';
import type { SecretFileInfo, SecretFileSystem } from './secret-file-system.js';

/** The most files of one `file:` descriptor. Source: bobrapet-batch section 5.3. */
export const MAX_SECRET_FILES = 256;
/** The most bytes of one file: 1 MiB. Source: bobrapet-batch section 5.3. */
export const MAX_SECRET_FILE_BYTES = 1024 * 1024;
/** The most bytes of all files of one descriptor: 8 MiB. Source: bobrapet-batch section 5.3. */
export const MAX_SECRET_TOTAL_BYTES = 8 * 1024 * 1024;

/** The link through which Kubernetes swaps a projected volume as a whole. Source: bobrapet-batch section 5.3, gap G-X1. */
const PROJECTION_LINK = '..data';
/** Directories without files cost time as well; nobody nests secrets this deep or wide. */
const MAX_ENTRIES = 4 * MAX_SECRET_FILES;
const MAX_DEPTH = 32;
/** Rotations are minutes apart; a source that changes this often is never in one piece. */
const READ_ATTEMPTS = 4;

/** What reading files needs besides the path. */
export interface FileSecretContext {
  readonly fileSystem: SecretFileSystem;
  readonly signal: AbortSignal;
  /** Receives what was passed over, without paths. */
  readonly warn: (message: string) => void;
  /** Whether a directory is taken as a set of files; default `true`. */
  readonly directories?: boolean;
}

type Entry = readonly [key: string, value: string];

interface FoundFile {
  readonly key: string;
  readonly path: string;
  readonly info: SecretFileInfo;
}

interface Scan {
  readonly files: readonly FoundFile[];
  readonly warnings: readonly string[];
}

/**
 * The secrets below a path: one for a file, one per file for a directory, keyed by relative path.
 *
 * All or nothing: when anything changes while it is read, as in a rotation, everything is read again.
 * Source: bobrapet-batch section 5.3.
 */
export async function readFileSecrets(
  path: string,
  context: FileSecretContext,
): Promise<readonly Entry[]> {
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
    const before = await new Scanner(context).scan(path);
    const entries = await readAll(before.files, context);
    const after = entries === undefined ? undefined : await rescan(path, context);
    if (
      entries !== undefined &&
      after !== undefined &&
      fingerprint(before) === fingerprint(after)
    ) {
      for (const warning of before.warnings) context.warn(warning);
      return entries;
    }
  }
  throw new SecretFailure(
    'SECRET_FILE_CHANGED',
    'read: the files kept changing while they were read',
  );
}

async function rescan(path: string, context: FileSecretContext): Promise<Scan | undefined> {
  try {
    return await new Scanner(context).scan(path);
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (thrown instanceof SecretFailure) return undefined; // It was fine a moment ago: it is changing.
    throw thrown;
  }
}

function fingerprint(scan: Scan): string {
  return JSON.stringify(scan.files.map(({ key, path, info }) => [key, path, info.version]));
}

/** Every file's text, or `undefined` when one vanished since the scan. */
async function readAll(
  files: readonly FoundFile[],
  context: FileSecretContext,
): Promise<readonly Entry[] | undefined> {
  const entries: Entry[] = [];
  let total = 0;
  for (const file of files) {
    let bytes: Uint8Array;
    try {
      bytes = await abortable(
        context.fileSystem.read(file.path, MAX_SECRET_FILE_BYTES + 1),
        context.signal,
      );
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (codeOf(thrown) === 'ENOENT') return undefined;
      throw fileFailure('open', thrown);
    }
    total += bytes.byteLength;
    checkSizes(bytes.byteLength, total);
    entries.push([file.key, textOf(bytes)]);
  }
  return entries;
}

function checkSizes(bytes: number, total: number): void {
  if (bytes > MAX_SECRET_FILE_BYTES) {
    throw new SecretFailure(
      'SECRET_FILE_TOO_LARGE',
      `a file has more than ${MAX_SECRET_FILE_BYTES} bytes`,
    );
  }
  if (total > MAX_SECRET_TOTAL_BYTES) {
    throw new SecretFailure(
      'SECRET_TOTAL_TOO_LARGE',
      `the files have more than ${MAX_SECRET_TOTAL_BYTES} bytes in total`,
    );
  }
}

function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SecretFailure('SECRET_NOT_TEXT', 'a file is not UTF-8 text; encode binary secrets');
  }
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x0a) end -= 1;
  return text.slice(0, end);
}

/** Finds the files below one root, within the limits. */
class Scanner {
  readonly #context: FileSecretContext;
  readonly #files: FoundFile[] = [];
  readonly #warnings: string[] = [];
  #entries = 0;
  #total = 0;

  constructor(context: FileSecretContext) {
    this.#context = context;
  }

  async scan(path: string): Promise<Scan> {
    const root = await this.#inspect(path);
    if (root.kind === 'link') {
      throw new SecretFailure('SECRET_FILE_LINK', 'lstat: the root must not be a symbolic link');
    }
    if (root.kind === 'file') this.#add(basename(path), path, root);
    else if (root.kind === 'directory') await this.#root(path);
    else {
      throw new SecretFailure(
        'SECRET_FILE_IRREGULAR',
        'lstat: the root is neither a regular file nor a directory',
      );
    }
    return { files: this.#files, warnings: this.#warnings };
  }

  async #root(path: string): Promise<void> {
    if (this.#context.directories === false) {
      throw new SecretFailure('SECRET_FILE_DIRECTORY', 'lstat: it is a directory, not a file');
    }
    const projected = await this.#projection(path);
    if (projected === undefined) {
      await this.#directory(path, '', 1);
      return;
    }
    await this.#directory(projected, '', 1);
    // Beside the projection stand its older generations and links into it; only other entries are secrets of their own.
    await this.#directory(
      path,
      '',
      1,
      (name, info) => !name.startsWith('..') && info.kind !== 'link',
    );
  }

  /** Where the projection link leads, when there is one and it stays inside the root. */
  async #projection(root: string): Promise<string | undefined> {
    const { fileSystem, signal } = this.#context;
    const link = join(root, PROJECTION_LINK);
    try {
      const info = await abortable(fileSystem.inspect(link), signal);
      if (info.kind !== 'link') return undefined;
      const [target, top] = [
        await abortable(fileSystem.resolve(link), signal),
        await abortable(fileSystem.resolve(root), signal),
      ];
      const inside = target.startsWith(top.endsWith(sep) ? top : `${top}${sep}`);
      if (!inside || (await this.#inspect(target)).kind !== 'directory') return undefined;
      return target;
    } catch (thrown) {
      signal.throwIfAborted();
      if (codeOf(thrown) === 'ENOENT' && !(thrown instanceof SecretFailure)) return undefined;
      throw thrown instanceof SecretFailure ? thrown : fileFailure('readlink', thrown);
    }
  }

  async #directory(
    path: string,
    prefix: string,
    depth: number,
    wanted: (name: string, info: SecretFileInfo) => boolean = () => true,
  ): Promise<void> {
    if (depth > MAX_DEPTH) {
      throw new SecretFailure(
        'SECRET_TOO_MANY_FILES',
        `the directory is nested deeper than ${MAX_DEPTH} levels`,
      );
    }
    const names = [...(await this.#list(path))].sort(compareKeys);
    for (const name of names) {
      this.#countEntry();
      const entry = join(path, name);
      const info = await this.#inspect(entry);
      if (!wanted(name, info)) continue;
      const key = `${prefix}${name}`;
      if (info.kind === 'file') this.#add(key, entry, info);
      else if (info.kind === 'directory') await this.#directory(entry, `${key}/`, depth + 1);
      else
        this.#warnings.push(
          `a ${info.kind === 'link' ? 'symbolic link' : 'special file'} was skipped`,
        );
    }
  }

  #add(key: string, path: string, info: SecretFileInfo): void {
    if (this.#files.length === MAX_SECRET_FILES) throw tooManyFiles();
    this.#total += info.size;
    checkSizes(info.size, this.#total);
    this.#files.push({ key, path, info });
  }

  #countEntry(): void {
    this.#entries += 1;
    if (this.#entries > MAX_ENTRIES) throw tooManyFiles();
  }

  async #inspect(path: string): Promise<SecretFileInfo> {
    return this.#call('lstat', this.#context.fileSystem.inspect(path));
  }

  async #list(path: string): Promise<readonly string[]> {
    return this.#call('readdir', this.#context.fileSystem.list(path));
  }

  async #call<Value>(operation: string, pending: Promise<Value>): Promise<Value> {
    try {
      return await abortable(pending, this.#context.signal);
    } catch (thrown) {
      this.#context.signal.throwIfAborted();
      throw fileFailure(operation, thrown);
    }
  }
}

function tooManyFiles(): SecretFailure {
  return new SecretFailure(
    'SECRET_TOO_MANY_FILES',
    `the directory has more than ${MAX_SECRET_FILES} files`,
  );
}

const REASONS: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  ENOENT: ['SECRET_FILE_MISSING', 'no such file or directory'],
  ENOTDIR: ['SECRET_FILE_MISSING', 'not a directory'],
  EACCES: ['SECRET_FILE_UNREADABLE', 'permission denied'],
  EPERM: ['SECRET_FILE_UNREADABLE', 'operation not permitted'],
  ELOOP: ['SECRET_FILE_LINK', 'too many levels of symbolic links'],
  EINVAL: ['SECRET_FILE_IRREGULAR', 'not a regular file'],
  EMFILE: ['SECRET_FILE_UNREADABLE', 'too many open files'],
  EIO: ['SECRET_FILE_UNREADABLE', 'input/output error'],
  ENAMETOOLONG: ['SECRET_FILE_MISSING', 'file name too long'],
};

/** A file-system error, reduced to operation and reason: its own message has the path. */
function fileFailure(operation: string, thrown: unknown): SecretFailure {
  const errno = codeOf(thrown);
  const [code, reason] = REASONS[errno] ?? ['SECRET_FILE_UNREADABLE', errno.toLowerCase()];
  return new SecretFailure(code, `${operation}: ${reason}`);
}

function codeOf(thrown: unknown): string {
  const code: unknown = (thrown as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown error';
}

/** The promise, or a rejection as soon as the signal aborts; a hanging network mount must not hold the run up. */
function abortable<Value>(pending: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
