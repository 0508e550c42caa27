import type { Clock, JsonObject, Random } from '@engramkit/core';
import type { FileSystem } from '../file-system.js';
import { openLedger } from '../ledger/open-ledger.js';
import { readLedger } from '../ledger/read-ledger.js';
import { listSegments } from '../ledger/segment.js';
import { ledgerDirectory } from './session-paths.js';
import type { SessionHeader } from './session-record.js';

/** The ledger that remembers all sessions of a store and where their chains ended. Source: provenance sections 6 and 8.1. */
export const CATALOGUE_NAME = 'catalogue';

/** How long a session waits for others that write to the catalogue. */
const CATALOGUE_WAIT_MS = 30_000;

/** What the catalogue knows about a session. */
export interface CatalogueEntry {
  readonly state: 'opened' | 'closed' | 'deleted';
  readonly header: SessionHeader;
  /** Head of the session's ledger; absent for sessions without one. */
  readonly head?: string;
  /** Entries in the session's ledger. */
  readonly size?: number;
}

/** Where and how to reach a catalogue. */
export interface CatalogueAccess {
  readonly storageDirectory: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
}

/** Adds one line to the catalogue; waits for other processes that do the same. */
export async function appendToCatalogue(
  access: CatalogueAccess,
  entry: CatalogueEntry,
): Promise<void> {
  await using catalogue = await openLedger({
    directory: ledgerDirectory(access.storageDirectory),
    name: CATALOGUE_NAME,
    files: access.files,
    clock: access.clock,
    random: access.random,
    waitMs: CATALOGUE_WAIT_MS,
  });
  const body: JsonObject = {
    state: entry.state,
    session: headerToJson(entry.header),
    ...(entry.head === undefined ? {} : { head: entry.head }),
    ...(entry.size === undefined ? {} : { size: entry.size }),
  };
  await catalogue.append(body, { kind: 'note' });
}

/** The newest word on every session, by id; empty when there is no catalogue. */
export async function readCatalogue(
  files: FileSystem,
  storageDirectory: string,
): Promise<ReadonlyMap<string, CatalogueEntry>> {
  const known = new Map<string, CatalogueEntry>();
  const directory = ledgerDirectory(storageDirectory);
  if ((await listSegments(files, directory, CATALOGUE_NAME)).length === 0) return known;
  for await (const { kind, body } of readLedger({ directory, name: CATALOGUE_NAME, files })) {
    const { state, head, size } = body;
    const header = kind === 'note' ? headerFromJson(body.session) : undefined;
    if (header === undefined) continue;
    if (state !== 'opened' && state !== 'closed' && state !== 'deleted') continue;
    known.set(header.session_id, {
      state,
      header,
      ...(typeof head === 'string' ? { head } : {}),
      ...(typeof size === 'number' ? { size } : {}),
    });
  }
  return known;
}

/** The header as JSON. */
export function headerToJson(header: SessionHeader): JsonObject {
  return {
    session_id: header.session_id,
    urn: header.urn,
    label: header.label,
    kernel_action: header.kernel_action,
    started_at: header.started_at,
    ended_at: header.ended_at,
    was_associated_with: header.was_associated_with,
    duration_ms: header.duration_ms,
    outcome: header.outcome,
    kernels_involved: [...header.kernels_involved],
  };
}

/** The header in a JSON value; undefined when there is none. */
export function headerFromJson(value: unknown): SessionHeader | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const read = (member: string): unknown => Object.getOwnPropertyDescriptor(value, member)?.value;
  const text = (member: string): string => {
    const found = read(member);
    return typeof found === 'string' ? found : '';
  };
  const ended = read('ended_at');
  const duration = read('duration_ms');
  const kernels = read('kernels_involved');
  if (text('session_id') === '') return undefined;
  return {
    session_id: text('session_id'),
    urn: text('urn'),
    label: text('label'),
    kernel_action: text('kernel_action'),
    started_at: text('started_at'),
    ended_at: typeof ended === 'string' ? ended : null,
    was_associated_with: text('was_associated_with'),
    duration_ms: typeof duration === 'number' ? duration : null,
    outcome: text('outcome') || 'in_progress',
    kernels_involved: Array.isArray(kernels) ? kernels.map(String) : [],
  };
}
