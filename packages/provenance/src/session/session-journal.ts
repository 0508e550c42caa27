import { dirname } from 'node:path';
import type { JsonObject, JsonValue } from '@engramkit/core';
import { parsePythonJson } from '@engramkit/ids';
import { type FileSystem, replaceFile } from '../file-system.js';
import type { Ledger } from '../ledger/ledger.js';
import { readLedger } from '../ledger/read-ledger.js';
import {
  isMap,
  type RecordedMap,
  survivesCanonicalForm,
  toPlainJson,
  verbatimText,
} from './recorded-value.js';
import { formatSessionFile, sessionFileChunks } from './session-file.js';
import type { ActionRecord, SessionHeader } from './session-record.js';

/** Where a session's records go before they are acknowledged. */
export interface SessionJournal {
  /** Takes the record at once, or throws and leaves everything as it was; resolves when it is safe. */
  add(record: ActionRecord, header: () => SessionHeader): Promise<void>;
  /** Writes the compatible file from what is recorded. */
  writeView(header: SessionHeader): Promise<void>;
  close(header: SessionHeader): Promise<void>;
  /** Ends without closing the session. */
  release(): Promise<void>;
}

/**
 * Records in memory, and the whole file written again for every action, as the Python package does.
 *
 * Source: provenance section 3.4.
 */
export class WholeFileJournal implements SessionJournal {
  readonly #records: ActionRecord[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly files: FileSystem,
    private readonly path: string,
    private readonly sync: boolean,
  ) {}

  add(record: ActionRecord, header: () => SessionHeader): Promise<void> {
    this.#records.push(record);
    return this.#queue(header());
  }

  writeView(header: SessionHeader): Promise<void> {
    return this.#queue(header);
  }

  close(header: SessionHeader): Promise<void> {
    return this.#queue(header);
  }

  async release(): Promise<void> {
    await this.#writing;
  }

  #queue(header: SessionHeader): Promise<void> {
    const text = formatSessionFile({ ...header, actions: this.#records });
    const written = this.#writing.then(async () => {
      await replaceFile(this.files, this.path, [text], { sync: this.sync });
    });
    this.#writing = written.catch(() => undefined); // This write's own caller gets the error; later writes go on.
    return written;
  }
}

/** Records as ledger entries; the compatible file is made from the ledger, record by record. */
export class LedgerJournal implements SessionJournal {
  constructor(
    private readonly files: FileSystem,
    private readonly path: string,
    private readonly ledger: Ledger,
    private readonly sync: boolean,
  ) {}

  add(record: ActionRecord): Promise<void> {
    return this.ledger.enqueue(actionBody(record)).then(() => undefined);
  }

  async writeView(header: SessionHeader): Promise<void> {
    const { directory, name } = this.ledger;
    await writeSessionView(this.files, this.path, header, { directory, name, sync: this.sync });
  }

  async close(header: SessionHeader): Promise<void> {
    const { outcome, ended_at, duration_ms, kernels_involved } = header;
    await this.ledger.close({
      outcome,
      ended_at,
      duration_ms,
      kernels_involved: [...kernels_involved],
    });
    await this.writeView(header);
  }

  release(): Promise<void> {
    return this.ledger.release();
  }
}

/** Writes the compatible file of a session from its ledger, streaming. Source: provenance section 8.9. */
export async function writeSessionView(
  files: FileSystem,
  path: string,
  header: SessionHeader,
  source: { readonly directory: string; readonly name: string; readonly sync: boolean },
): Promise<void> {
  await files.makeDirectory(dirname(path));
  const chunks = sessionFileChunks(header, ledgerActions(files, source));
  await replaceFile(files, path, chunks, { sync: source.sync });
}

/** The action records in a session's ledger, streaming. */
export async function* ledgerActions(
  files: FileSystem,
  source: { readonly directory: string; readonly name: string; readonly signal?: AbortSignal },
): AsyncGenerator<ActionRecord> {
  for await (const entry of readLedger({ ...source, files })) {
    if (entry.kind === 'action') yield readActionBody(entry.body);
  }
}

/** The members of a record that hold maps. */
const MAP_MEMBERS = ['intent', 'evidence', 'before_state', 'after_state'] as const;

/**
 * The body of an action's ledger entry: the record, verbatim, nulls included.
 *
 * A map that the canonical form would change (order of members, `1.0`, big integers) stands as text in `<member>_text`, so that the
 * compatible file can be made from the ledger exactly. Source: provenance section 8.2.
 */
export function actionBody(record: ActionRecord): JsonObject {
  const { intent: _i, evidence: _e, before_state: _b, after_state: _a, used, ...scalars } = record;
  const body: Record<string, JsonValue> = { ...scalars };
  if (used !== undefined) body.used = [...used];
  for (const member of MAP_MEMBERS) {
    const map = record[member];
    if (map === null || survivesCanonicalForm(map))
      body[member] = map === null ? null : toPlainJson(map);
    else body[`${member}_text`] = verbatimText(map);
  }
  return body;
}

/** The record in the body of an action entry; entries that are no session actions get empty members. */
export function readActionBody(body: JsonObject): ActionRecord {
  const text = (member: string): string => {
    const value = body[member];
    return typeof value === 'string' ? value : '';
  };
  const number = (member: string, absent: number): number => {
    const value = body[member];
    return typeof value === 'number' ? value : absent;
  };
  const map = (member: string): RecordedMap | null => {
    const verbatim = body[`${member}_text`];
    const value: unknown = typeof verbatim === 'string' ? parsePythonJson(verbatim) : body[member];
    return isMap(value) ? value : null;
  };
  const used = body.used;
  return {
    seq: number('seq', 0),
    action_type: text('action_type'),
    outcome: text('outcome'),
    urn: text('urn'),
    kernel: text('kernel'),
    via_edge: text('via_edge') || null,
    intent: map('intent'),
    evidence: map('evidence'),
    before_state: map('before_state'),
    after_state: map('after_state'),
    diff_summary: text('diff_summary') || null,
    attempt: number('attempt', 1),
    generated_at: text('generated_at'),
    note: text('note'),
    ...(text('started_at') === '' ? {} : { started_at: text('started_at') }),
    ...(text('task') === '' ? {} : { task: text('task') }),
    ...(text('goal') === '' ? {} : { goal: text('goal') }),
    ...(Array.isArray(used) ? { used: used.map(String) } : {}),
  };
}
