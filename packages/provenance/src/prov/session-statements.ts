import { digestOf } from '../session/action-builder.js';
import { canonicalText, type RecordedMap } from '../session/recorded-value.js';
import type { ActionRecord, SessionHeader } from '../session/session-record.js';
import { kernelShortName } from '../urn.js';
import {
  DEFAULT_VOCABULARY,
  NAMESPACES,
  type Statement,
  type StatementObject,
  safeIri,
} from './statement.js';

/** A session as exporters read it: its header, and its actions as often as they are asked for. */
export interface ProvSource {
  readonly header: SessionHeader;
  /** A new pass over the actions. */
  actions(): Iterable<ActionRecord> | AsyncIterable<ActionRecord>;
}

/** Choices of the PROV exports. */
export interface ProvOptions {
  /** Prefix IRI of the properties that PROV does not have; default `urn:provchain:v1:`. */
  readonly vocabulary?: string;
  /** Which earlier action informed an action: the `previous` one (default), or only that of the same `attempts`. */
  readonly informedBy?: 'previous' | 'attempts';
}

const PROV = NAMESPACES.prov;
const TYPE = `${NAMESPACES.rdf}type`;
const LABEL = `${NAMESPACES.rdfs}label`;

/** The names of things in an export. Source: provenance section 7.1. */
export interface ProvNames {
  readonly session: string;
  readonly bundle: string;
  readonly vocabulary: string;
}

/** The IRIs of a session, its record and its vocabulary. */
export function provNames(header: SessionHeader, options: ProvOptions): ProvNames {
  const session = safeIri(`${header.urn}-${header.session_id}`);
  return {
    session,
    bundle: `${session}/record`,
    vocabulary: options.vocabulary ?? DEFAULT_VOCABULARY,
  };
}

/**
 * The statements about a session, in groups of one subject each, streaming: memory for one action and the kernels' names.
 *
 * Source: provenance section 7.1.
 */
export async function* sessionStatements(
  source: ProvSource,
  options: ProvOptions = {},
): AsyncGenerator<readonly Statement[]> {
  const { header } = source;
  const names = provNames(header, options);
  yield bundleStatements(header, names);
  yield sessionActivity(header, names);
  const kernels = new Set<string>();
  yield* agentStatements(header.was_associated_with, kernels);
  let previous: ActionRecord | undefined;
  for await (const action of source.actions()) {
    yield* agentStatements(action.kernel, kernels);
    yield* actionStatements(action, names, informant(previous, action, options));
    previous = action;
  }
}

/** Collects the statements about one subject. */
class About {
  readonly statements: Statement[] = [];

  constructor(private readonly subject: string) {}

  add(predicate: string, object: StatementObject): this {
    this.statements.push({ subject: this.subject, predicate, object });
    return this;
  }

  link(predicate: string, iri: string): this {
    return this.add(predicate, { iri: safeIri(iri) });
  }

  text(predicate: string, text: string | null): this {
    return text === null || text === '' ? this : this.add(predicate, { text });
  }

  typed(predicate: string, text: string | null, type: string): this {
    return text === null || text === ''
      ? this
      : this.add(predicate, { text, datatype: `${NAMESPACES.xsd}${type}` });
  }

  types(...iris: readonly string[]): this {
    for (const iri of iris) this.link(TYPE, iri);
    return this;
  }
}

function bundleStatements(header: SessionHeader, names: ProvNames): readonly Statement[] {
  return new About(names.bundle)
    .types(`${PROV}Bundle`, `${PROV}Entity`)
    .link(`${PROV}wasAttributedTo`, header.was_associated_with)
    .typed(`${PROV}generatedAtTime`, header.ended_at, 'dateTime').statements;
}

function sessionActivity(header: SessionHeader, names: ProvNames): readonly Statement[] {
  return new About(names.session)
    .types(`${PROV}Activity`, `${names.vocabulary}Session`)
    .text(LABEL, header.label)
    .text(`${NAMESPACES.dcterms}identifier`, header.session_id)
    .typed(`${PROV}startedAtTime`, header.started_at, 'dateTime')
    .typed(`${PROV}endedAtTime`, header.ended_at, 'dateTime')
    .text(`${names.vocabulary}outcome`, header.outcome)
    .link(`${PROV}wasAssociatedWith`, header.was_associated_with).statements;
}

function* agentStatements(kernel: string, known: Set<string>): Generator<readonly Statement[]> {
  if (known.has(kernel)) return;
  known.add(kernel);
  yield new About(safeIri(kernel))
    .types(`${PROV}Agent`, `${PROV}SoftwareAgent`)
    .text(LABEL, kernelShortName(kernel)).statements;
}

/** The earlier action that informed this one. */
export function informant(
  previous: ActionRecord | undefined,
  action: ActionRecord,
  options: ProvOptions,
): ActionRecord | undefined {
  if (previous === undefined || options.informedBy !== 'attempts') return previous;
  const sameAction = previous.action_type === action.action_type;
  return sameAction && action.attempt === previous.attempt + 1 ? previous : undefined;
}

function* actionStatements(
  action: ActionRecord,
  names: ProvNames,
  informedBy: ActionRecord | undefined,
): Generator<readonly Statement[]> {
  const iri = `${names.session}/a/${action.seq}`;
  const { vocabulary } = names;
  const about = new About(iri)
    .types(`${PROV}Activity`, `${vocabulary}ActionRun`)
    .text(LABEL, action.action_type)
    .link(`${NAMESPACES.dcterms}isPartOf`, names.session)
    .typed(`${vocabulary}urn`, action.urn, 'anyURI')
    .typed(`${vocabulary}sequence`, String(action.seq), 'integer')
    .typed(`${vocabulary}attempt`, String(action.attempt), 'integer')
    .text(`${vocabulary}outcome`, action.outcome)
    .typed(`${PROV}startedAtTime`, action.started_at ?? null, 'dateTime')
    .typed(`${PROV}endedAtTime`, action.generated_at, 'dateTime')
    .text(`${NAMESPACES.rdfs}comment`, action.note)
    .text(`${vocabulary}diffSummary`, action.diff_summary)
    .link(`${PROV}wasAssociatedWith`, action.kernel);
  if (action.via_edge !== null) about.link(`${vocabulary}viaEdge`, `ckp://Edge#${action.via_edge}`);
  if (informedBy !== undefined)
    about.link(`${PROV}wasInformedBy`, `${names.session}/a/${informedBy.seq}`);
  if (action.intent !== null) about.link(`${PROV}qualifiedAssociation`, `${iri}/association`);
  if (action.before_state !== null) about.link(`${PROV}used`, `${iri}/before`);
  for (const used of action.used ?? []) about.link(`${PROV}used`, used);
  if (action.task !== undefined) about.link(`${PROV}wasStartedBy`, action.task);
  if (action.goal !== undefined) about.link(`${PROV}wasInfluencedBy`, action.goal);
  yield about.statements;
  yield* valueStatements(action, iri, vocabulary);
  const external = [...(action.used ?? []), ...[action.task, action.goal].filter(isPresent)];
  for (const entity of external) yield new About(safeIri(entity)).types(`${PROV}Entity`).statements;
}

function* valueStatements(
  action: ActionRecord,
  iri: string,
  vocabulary: string,
): Generator<readonly Statement[]> {
  const { intent, before_state: before, after_state: after, evidence } = action;
  if (intent !== null) {
    yield entity(`${iri}/intent`, intent, vocabulary, `${PROV}Plan`).statements;
    yield new About(`${iri}/association`)
      .types(`${PROV}Association`)
      .link(`${PROV}agent`, action.kernel)
      .link(`${PROV}hadPlan`, `${iri}/intent`).statements;
  }
  if (before !== null) yield entity(`${iri}/before`, before, vocabulary).statements;
  if (after !== null) {
    const about = entity(`${iri}/after`, after, vocabulary)
      .link(`${PROV}wasGeneratedBy`, iri)
      .typed(`${PROV}generatedAtTime`, action.generated_at, 'dateTime');
    if (before !== null) about.link(`${PROV}wasDerivedFrom`, `${iri}/before`);
    yield about.statements;
  }
  if (evidence !== null) {
    yield entity(`${iri}/evidence`, evidence, vocabulary)
      .link(`${PROV}wasGeneratedBy`, iri)
      .typed(`${PROV}generatedAtTime`, action.generated_at, 'dateTime')
      .link(`${PROV}wasAttributedTo`, action.kernel).statements;
  }
}

function entity(
  iri: string,
  value: RecordedMap,
  vocabulary: string,
  ...types: readonly string[]
): About {
  return new About(iri)
    .types(`${PROV}Entity`, ...types)
    .add(`${PROV}value`, { text: canonicalText(value), datatype: `${NAMESPACES.rdf}JSON` })
    .text(`${vocabulary}digest`, digestOf(value));
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined;
}
