import { EngramkitError, InvalidInputError } from '@engramkit/core';
import { PyFloat, parsePythonJson } from '@engramkit/ids';
import {
  isMap,
  pythonScalarText,
  type RecordedMap,
  type RecordedValue,
  withoutNulls,
} from './recorded-value.js';
import type { ActionRecord, SessionHeader, SessionRecord } from './session-record.js';

/** Members of an action in the order of the file. Source: provenance section 2.1. */
const ACTION_MEMBERS = [
  'seq',
  'action_type',
  'outcome',
  'urn',
  'kernel',
  'via_edge',
  'intent',
  'evidence',
  'before_state',
  'after_state',
  'diff_summary',
  'attempt',
  'generated_at',
  'note',
] as const satisfies readonly (keyof ActionRecord)[];

/** Members of a session in the order of the file, without its actions. Source: provenance section 2.2. */
const HEADER_MEMBERS = [
  'session_id',
  'urn',
  'label',
  'kernel_action',
  'started_at',
  'ended_at',
  'was_associated_with',
  'duration_ms',
  'outcome',
  'kernels_involved',
] as const satisfies readonly (keyof SessionHeader)[];

/**
 * The compatible file of a session, piece by piece, so that a long session is never held as a whole.
 *
 * Two blanks of indentation, ASCII only, insertion order, no members that are null, no line end at the end.
 * Source: provenance section 2.3.
 */
export async function* sessionFileChunks(
  header: SessionHeader,
  actions: Iterable<ActionRecord> | AsyncIterable<ActionRecord>,
): AsyncGenerator<string> {
  yield headerText(header);
  let first = true;
  for await (const action of actions) {
    yield `${first ? '\n' : ',\n'}    ${actionText(action)}`;
    first = false;
  }
  yield first ? ']\n}' : '\n  ]\n}';
}

/** The compatible file of a session as one text. Source: provenance section 2.3. */
export function formatSessionFile(session: SessionRecord): string {
  const actions = session.actions.map((action) => `\n    ${actionText(action)}`);
  return `${headerText(session)}${actions.join(',')}${actions.length === 0 ? ']\n}' : '\n  ]\n}'}`;
}

function headerText(header: SessionHeader): string {
  const lines: string[] = [];
  for (const member of HEADER_MEMBERS) {
    const value = header[member];
    if (value !== null) lines.push(`  "${member}": ${indented(value, 1)},\n`);
  }
  return `{\n${lines.join('')}  "actions": [`;
}

function actionText(action: ActionRecord): string {
  const kept: Record<string, RecordedValue> = {};
  for (const member of ACTION_MEMBERS) {
    const value = action[member];
    if (value !== null) kept[member] = withoutNulls(value);
  }
  return indented(kept, 2);
}

function indented(value: RecordedValue, depth: number): string {
  const inner = '  '.repeat(depth + 1);
  const outer = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => `${inner}${indented(item, depth + 1)}`);
    return `[\n${items.join(',\n')}\n${outer}]`;
  }
  if (isMap(value)) {
    const members = Object.entries(value).map(
      ([key, item]) => `${inner}${pythonScalarText(key)}: ${indented(item, depth + 1)}`,
    );
    return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${outer}}`;
  }
  return pythonScalarText(value as Exclude<typeof value, readonly RecordedValue[] | RecordedMap>);
}

/**
 * Reads a session file, of this package or of the Python one, without loss: floats stay floats, big integers whole.
 *
 * Members that the file leaves out are null; unknown members are ignored. `what` names the file in errors, which have code
 * `SESSION_FILE_INVALID`.
 */
export function parseSessionFile(text: string, what = 'session file'): SessionRecord {
  let parsed: unknown;
  try {
    parsed = parsePythonJson(text);
  } catch (error) {
    throw new InvalidInputError(`${what} is not JSON: ${EngramkitError.from(error).message}`, {
      code: 'SESSION_FILE_INVALID',
      hint: 'The file was damaged or is not a session file; restore it, or remove it.',
      cause: error,
    });
  }
  const read = new MemberReader(asMap(parsed, what), what);
  const actions = read.list('actions').map((item, index) => {
    const at = `${what} actions/${index}`;
    return readAction(new MemberReader(asMap(item, at), at));
  });
  return {
    session_id: read.text('session_id'),
    urn: read.text('urn'),
    label: read.text('label', ''),
    kernel_action: read.text('kernel_action', ''),
    started_at: read.text('started_at', ''),
    ended_at: read.optionalText('ended_at'),
    was_associated_with: read.text('was_associated_with', ''),
    duration_ms: read.optionalNumber('duration_ms'),
    outcome: read.text('outcome', 'in_progress'),
    kernels_involved: read.list('kernels_involved').map((item) => String(item)),
    actions,
  };
}

function readAction(read: MemberReader): ActionRecord {
  return {
    seq: read.number('seq'),
    action_type: read.text('action_type'),
    outcome: read.text('outcome'),
    urn: read.text('urn', ''),
    kernel: read.text('kernel', ''),
    via_edge: read.optionalText('via_edge'),
    intent: read.optionalMap('intent'),
    evidence: read.optionalMap('evidence'),
    before_state: read.optionalMap('before_state'),
    after_state: read.optionalMap('after_state'),
    diff_summary: read.optionalText('diff_summary'),
    attempt: read.optionalNumber('attempt') ?? 1,
    generated_at: read.text('generated_at', ''),
    note: read.text('note', ''),
  };
}

/** Reads the members of one map and says which one is wrong. */
class MemberReader {
  constructor(
    private readonly map: RecordedMap,
    private readonly what: string,
  ) {}

  text(member: string, absent?: string): string {
    const value = this.optionalText(member) ?? absent;
    if (value === undefined) throw wrong(this.what, member, 'is missing');
    return value;
  }

  optionalText(member: string): string | null {
    const value = this.get(member);
    if (value === null || typeof value === 'string') return value;
    throw wrong(this.what, member, 'is not a text');
  }

  number(member: string): number {
    const value = this.optionalNumber(member);
    if (value === null) throw wrong(this.what, member, 'is missing');
    return value;
  }

  optionalNumber(member: string): number | null {
    const value = this.get(member);
    if (value === null || typeof value === 'number') return value;
    if (value instanceof PyFloat) return value.value;
    throw wrong(this.what, member, 'is not a number');
  }

  optionalMap(member: string): RecordedMap | null {
    const value = this.get(member);
    return value === null ? null : asMap(value, `${this.what} ${member}`);
  }

  list(member: string): readonly RecordedValue[] {
    const value = this.get(member);
    if (value === null) return [];
    if (Array.isArray(value)) return value;
    throw wrong(this.what, member, 'is not a list');
  }

  private get(member: string): RecordedValue {
    return Object.hasOwn(this.map, member) ? (this.map[member] ?? null) : null;
  }
}

function asMap(value: unknown, what: string): RecordedMap {
  if (isMap(value)) return value;
  throw new InvalidInputError(`${what} is not a map`, {
    code: 'SESSION_FILE_INVALID',
    hint: 'A session file is a JSON object with the members of a session.',
  });
}

function wrong(what: string, member: string, why: string): InvalidInputError {
  return new InvalidInputError(`${what}: member "${member}" ${why}`, {
    code: 'SESSION_FILE_INVALID',
    details: { member },
    hint: 'Compare the file with the session format; files written by this package and by the Python one are read.',
  });
}
