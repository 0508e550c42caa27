import { mkdirSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  EngramkitError,
  InvalidInputError,
  type JsonValue,
  parseJson,
  stringifyJson,
} from '@engramkit/core';
import { writeError, writeFileAtomic } from '../atomic-file.js';
import { isHostAlive } from './host-facts.js';
import { type LocalRunRecord, RUN_RECORD_FORMAT, type RunFiles } from './run-record.js';

/** Options of {@link LocalRuns.list}. */
export interface ListRunsOptions {
  /** The most runs to return; default 20. */
  readonly limit?: number;
}

/** The runs of a state directory. */
export interface LocalRuns {
  /** The newest runs first; folders without a readable record are left out. */
  list(options?: ListRunsOptions): Promise<readonly LocalRunRecord[]>;
  /**
   * One run by its id, by the beginning of it when only one run begins so, or by `last`.
   *
   * Throws `RUN_NOT_FOUND`, `RUN_AMBIGUOUS` or `RUN_RECORD_DAMAGED`.
   */
  show(idOrPrefix: string): Promise<LocalRunRecord>;
}

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Throws `RUN_ID_INVALID` for ids that cannot be a folder's name. */
export function checkRunId(runId: string): void {
  if (RUN_ID.test(runId)) return;
  throw new InvalidInputError(`${JSON.stringify(runId.slice(0, 130))} cannot be the id of a run`, {
    code: 'RUN_ID_INVALID',
    hint: 'Use up to 128 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
  });
}

/** Run records as files, each written whole or not at all. */
export class RunStore implements LocalRuns {
  readonly #runs: string;

  constructor(directory: string) {
    this.#runs = join(directory, 'runs');
  }

  /** Where the files of a run are. */
  filesOf(runId: string): RunFiles {
    const directory = join(this.#runs, runId);
    return {
      directory,
      record: join(directory, 'run.json'),
      logs: join(directory, 'logs.ndjson'),
      signals: join(directory, 'signals.ndjson'),
      effects: join(directory, 'effects'),
    };
  }

  /** Makes the folder of a run. */
  open(runId: string): RunFiles {
    const files = this.filesOf(runId);
    try {
      mkdirSync(files.directory, { recursive: true });
    } catch (error) {
      throw writeError(files.directory, error);
    }
    return files;
  }

  /** Stores a record. */
  async save(record: LocalRunRecord): Promise<void> {
    await writeFileAtomic(record.files.record, `${JSON.stringify(record, null, 2)}\n`, {
      // The record of a run that goes on must survive its process, not a loss of power: nothing has happened yet.
      durable: record.status !== 'running',
    });
  }

  /** Stores an output beside its record. */
  async saveOutput(files: RunFiles, output: JsonValue): Promise<string> {
    const path = join(files.directory, 'output.json');
    await writeFileAtomic(path, `${stringifyJson(output, { maxDepth: 2_000 })}\n`);
    return path;
  }

  /** The record of a run, if there is a readable one. */
  async find(runId: string): Promise<LocalRunRecord | undefined> {
    try {
      return await this.#read(runId);
    } catch {
      return undefined; // Not a run, or one whose first record was never finished.
    }
  }

  async list(options: ListRunsOptions = {}): Promise<readonly LocalRunRecord[]> {
    const { limit = 20 } = options;
    const records: LocalRunRecord[] = [];
    for (const runId of (await this.#ids()).reverse()) {
      if (records.length >= limit) break;
      const record = await this.find(runId);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  async show(idOrPrefix: string): Promise<LocalRunRecord> {
    const ids = await this.#ids();
    if (ids.includes(idOrPrefix)) return this.#read(idOrPrefix);
    const matches =
      idOrPrefix === 'last' ? ids.slice(-1) : ids.filter((id) => id.startsWith(idOrPrefix));
    const [only] = matches;
    if (only !== undefined && matches.length === 1 && idOrPrefix !== '') return this.#read(only);
    if (matches.length > 1) {
      throw new InvalidInputError(
        `${matches.length} runs begin with ${idOrPrefix === '' ? 'nothing' : idOrPrefix}`,
        {
          code: 'RUN_AMBIGUOUS',
          details: { matches: matches.slice(-10) },
          hint: `Give more of the id, for example ${matches.at(-1) ?? ''}.`,
        },
      );
    }
    throw new InvalidInputError(`no run ${idOrPrefix} below ${this.#runs}`, {
      code: 'RUN_NOT_FOUND',
      details: { directory: this.#runs, known: ids.slice(-5) },
      hint:
        ids.length === 0
          ? 'There are no runs here yet; check the folder you are in.'
          : 'List the runs to see their ids; `last` names the newest.',
    });
  }

  /** Removes the oldest finished runs beyond the number to keep. */
  async retain(keep: number): Promise<void> {
    const ids = await this.#ids();
    for (const runId of ids.slice(0, Math.max(0, ids.length - keep))) {
      const record = await this.find(runId);
      if (record?.status === 'running') continue;
      await rm(this.filesOf(runId).directory, { recursive: true, force: true });
    }
  }

  async #ids(): Promise<string[]> {
    try {
      const entries = await readdir(this.#runs, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name))
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new EngramkitError(`${this.#runs} cannot be read`, {
        code: 'RUNS_UNREADABLE',
        details: { directory: this.#runs },
        hint: 'Check the permissions of the folder.',
        cause: error,
      });
    }
  }

  async #read(runId: string): Promise<LocalRunRecord> {
    const { record: path } = this.filesOf(runId);
    let record: unknown;
    try {
      record = parseJson(await readFile(path), {
        what: path,
        prototypeKeys: 'keep',
        maxDepth: 2_000,
      });
    } catch (cause) {
      throw damaged(path, cause);
    }
    if (!isRunRecord(record) || record.runId !== runId) throw damaged(path);
    const files = { ...record.files, ...this.filesOf(runId) }; // The folder may have been moved.
    if (record.status !== 'running' || isHostAlive(record.host)) return { ...record, files };
    return { ...record, files, status: 'interrupted' };
  }
}

function damaged(path: string, cause?: unknown): EngramkitError {
  return new EngramkitError(`${path} is not the record of a run`, {
    code: 'RUN_RECORD_DAMAGED',
    details: { path },
    hint: 'The file was changed or written by another version; remove the folder to forget the run.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function isRunRecord(value: unknown): value is LocalRunRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, runId, status, component, host, files, stages, startedAt } =
    value as Partial<LocalRunRecord>;
  return (
    format === RUN_RECORD_FORMAT &&
    typeof runId === 'string' &&
    typeof status === 'string' &&
    typeof startedAt === 'string' &&
    typeof component?.name === 'string' &&
    typeof host?.pid === 'number' &&
    typeof files === 'object' &&
    files !== null &&
    Array.isArray(stages)
  );
}
