import type { JsonValue } from '@engramkit/core';
import { canonicalText, type RecordedMap } from '../session/recorded-value.js';
import type { ActionRecord } from '../session/session-record.js';
import { kernelShortName } from '../urn.js';
import { informant, type ProvOptions, type ProvSource } from './session-statements.js';
import { DEFAULT_VOCABULARY, NAMESPACES, safeIri } from './statement.js';

/** Prefixes of the qualified names. Source: provenance section 7.2. */
const ACTION_PREFIX = 'ckp://Action#';
const KERNEL_PREFIX = 'ckp://Kernel#';

interface Member {
  readonly section: string;
  readonly id: string;
  readonly value: JsonValue;
}

const SECTIONS = [
  'entity',
  'activity',
  'agent',
  'wasAssociatedWith',
  'wasGeneratedBy',
  'used',
  'wasDerivedFrom',
  'wasInformedBy',
  'wasAttributedTo',
] as const;

/**
 * A session as PROV-JSON (W3C member submission of 2013), piece by piece.
 *
 * The format groups statements by kind, so the actions are passed over once per kind instead of being held in memory.
 * Source: provenance section 7.2.
 */
export async function* exportProvJson(
  source: ProvSource,
  options: ProvOptions = {},
): AsyncGenerator<string> {
  const vocabulary = options.vocabulary ?? DEFAULT_VOCABULARY;
  const prefix = {
    ckpa: ACTION_PREFIX,
    ckpk: KERNEL_PREFIX,
    ckpe: 'ckp://Edge#',
    pc: vocabulary,
    xsd: NAMESPACES.xsd,
  };
  yield `{"prefix":${JSON.stringify(prefix)}`;
  for (const section of SECTIONS) {
    let count = 0;
    for await (const member of members(source, options)) {
      if (member.section !== section) continue;
      const lead = count === 0 ? `,\n${JSON.stringify(section)}:{\n` : ',\n';
      yield `${lead}${JSON.stringify(member.id)}:${JSON.stringify(member.value)}`;
      count += 1;
    }
    if (count > 0) yield '\n}';
  }
  yield '}\n';
}

/** Everything that is said about the session, with relations numbered in the order they come up. */
async function* members(source: ProvSource, options: ProvOptions): AsyncGenerator<Member> {
  const { header } = source;
  const session = qualified(`${header.urn}-${header.session_id}`);
  let relations = 0;
  const relation = (section: string, value: JsonValue): Member => {
    relations += 1;
    return { section, id: `_:r${relations}`, value };
  };
  yield {
    section: 'activity',
    id: session,
    value: {
      'prov:startTime': header.started_at,
      ...(header.ended_at === null ? {} : { 'prov:endTime': header.ended_at }),
      'prov:label': header.label,
      'prov:type': qualifiedType('pc:Session'),
      'pc:outcome': header.outcome,
    },
  };
  const kernels = new Set<string>();
  yield* agent(header.was_associated_with, kernels);
  yield relation('wasAssociatedWith', {
    'prov:activity': session,
    'prov:agent': qualified(header.was_associated_with),
  });
  let previous: ActionRecord | undefined;
  for await (const action of source.actions()) {
    yield* agent(action.kernel, kernels);
    yield* actionMembers(action, informant(previous, action, options), session, relation);
    previous = action;
  }
}

function* agent(kernel: string, known: Set<string>): Generator<Member> {
  if (known.has(kernel)) return;
  known.add(kernel);
  const value = {
    'prov:type': qualifiedType('prov:SoftwareAgent'),
    'prov:label': kernelShortName(kernel),
  };
  yield { section: 'agent', id: qualified(kernel), value };
}

function* actionMembers(
  action: ActionRecord,
  informedBy: ActionRecord | undefined,
  session: string,
  relation: (section: string, value: JsonValue) => Member,
): Generator<Member> {
  const id = `${session}.a${action.seq}`;
  const kernel = qualified(action.kernel);
  const { intent, before_state: before, after_state: after, evidence } = action;
  yield { section: 'activity', id, value: activity(action) };
  yield relation('wasAssociatedWith', {
    'prov:activity': id,
    'prov:agent': kernel,
    ...(intent === null ? {} : { 'prov:plan': `${id}.intent` }),
  });
  if (intent !== null) yield entity(`${id}.intent`, intent, 'prov:Plan');
  if (before !== null) {
    yield entity(`${id}.before`, before);
    yield relation('used', { 'prov:activity': id, 'prov:entity': `${id}.before` });
  }
  const generated = (name: string): JsonValue => ({
    'prov:entity': `${id}.${name}`,
    'prov:activity': id,
    'prov:time': action.generated_at,
  });
  if (after !== null) {
    yield entity(`${id}.after`, after);
    yield relation('wasGeneratedBy', generated('after'));
    if (before !== null) {
      yield relation('wasDerivedFrom', {
        'prov:generatedEntity': `${id}.after`,
        'prov:usedEntity': `${id}.before`,
        'prov:activity': id,
      });
    }
  }
  if (evidence !== null) {
    yield entity(`${id}.evidence`, evidence);
    yield relation('wasGeneratedBy', generated('evidence'));
    yield relation('wasAttributedTo', { 'prov:entity': `${id}.evidence`, 'prov:agent': kernel });
  }
  if (informedBy !== undefined) {
    const informantId = `${session}.a${informedBy.seq}`;
    yield relation('wasInformedBy', { 'prov:informed': id, 'prov:informant': informantId });
  }
}

function activity(action: ActionRecord): JsonValue {
  return {
    ...(action.started_at === undefined ? {} : { 'prov:startTime': action.started_at }),
    'prov:endTime': action.generated_at,
    'prov:label': action.action_type,
    'prov:type': qualifiedType('pc:ActionRun'),
    'pc:outcome': action.outcome,
    'pc:sequence': { $: String(action.seq), type: 'xsd:int' },
    'pc:attempt': { $: String(action.attempt), type: 'xsd:int' },
    'pc:urn': { $: action.urn, type: 'xsd:anyURI' },
    ...(action.diff_summary === null ? {} : { 'pc:diffSummary': action.diff_summary }),
    ...(action.note === '' ? {} : { 'pc:note': action.note }),
    ...(action.via_edge === null
      ? {}
      : { 'pc:viaEdge': { $: `ckpe:${safeIri(action.via_edge)}`, type: 'prov:QUALIFIED_NAME' } }),
  };
}

function entity(id: string, value: RecordedMap, type?: string): Member {
  return {
    section: 'entity',
    id,
    value: {
      'prov:value': canonicalText(value),
      ...(type === undefined ? {} : { 'prov:type': qualifiedType(type) }),
    },
  };
}

function qualifiedType(name: string): JsonValue {
  return { $: name, type: 'prov:QUALIFIED_NAME' };
}

/** The qualified name of an IRI under one of the registered prefixes. */
function qualified(iri: string): string {
  const safe = safeIri(iri);
  if (safe.startsWith(ACTION_PREFIX)) return `ckpa:${safe.slice(ACTION_PREFIX.length)}`;
  if (safe.startsWith(KERNEL_PREFIX)) return `ckpk:${safe.slice(KERNEL_PREFIX.length)}`;
  return safe;
}
