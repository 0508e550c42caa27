import type { JsonObject } from '@engramkit/core';
import { canonicalize } from '@engramkit/ids';
import type { LedgerSigner } from '../ledger/seal.js';
import type { ProvSource } from '../prov/session-statements.js';
import { digestOf } from '../session/action-builder.js';
import { headerToJson } from '../session/session-catalogue.js';
import { countOutcomes } from '../session/session-record.js';
import { kernelShortName } from '../urn.js';
import { type DsseEnvelope, signEnvelope } from './dsse.js';

/** The media type of in-toto statements in envelopes. Source: provenance section 9. */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The predicate that says what a session did. */
export const SESSION_PREDICATE_TYPE = 'urn:provchain:v1:session';

/** The predicate of SLSA provenance. Source: provenance section 9. */
export const SLSA_PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';

/** An in-toto statement, version 1. */
export interface InTotoStatement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly {
    readonly name: string;
    readonly digest: { readonly sha256: string };
  }[];
  readonly predicateType: string;
  readonly predicate: JsonObject;
}

/** Options of {@link sessionStatement}. */
export interface SessionStatementOptions {
  /** Where the session's chain stands; a subject and a by-product of the statement. */
  readonly ledger: { readonly name: string; readonly head: string; readonly size: number };
  /** `session` (default): our own predicate; `slsa`: SLSA provenance v1. */
  readonly predicate?: 'session' | 'slsa';
  /** Further subjects: artifacts that the session made, with their SHA-256 in hex. */
  readonly artifacts?: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * The in-toto statement of a session: subjects are the ledger's head, artifacts, and the states that actions left behind.
 *
 * Source: provenance section 9.
 */
export async function sessionStatement(
  source: ProvSource,
  options: SessionStatementOptions,
): Promise<InTotoStatement> {
  const { ledger } = options;
  const subject: { name: string; digest: { sha256: string } }[] = [
    { name: `ledger/${ledger.name}`, digest: { sha256: ledger.head } },
    ...(options.artifacts ?? []).map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
  ];
  const outcomes: string[] = [];
  for await (const action of source.actions()) {
    outcomes.push(action.outcome);
    if (action.after_state === null) continue;
    const name = `${kernelShortName(action.kernel)}/${action.action_type}/${action.seq}/after`;
    subject.push({
      name,
      digest: { sha256: digestOf(action.after_state).slice('sha256:'.length) },
    });
  }
  const counts = countOutcomes(outcomes);
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    ...(options.predicate === 'slsa'
      ? { predicateType: SLSA_PREDICATE_TYPE, predicate: slsaPredicate(source, ledger) }
      : {
          predicateType: SESSION_PREDICATE_TYPE,
          predicate: {
            session: headerToJson(source.header),
            actions: { ...counts },
            ledger: { ...ledger },
          },
        }),
  };
}

/** The statement in an envelope, signed; the payload is the RFC 8785 text, so the same statement gives the same bytes. */
export async function attestSession(
  source: ProvSource,
  options: SessionStatementOptions & { readonly signers: readonly LedgerSigner[] },
): Promise<DsseEnvelope> {
  const statement = await sessionStatement(source, options);
  return signEnvelope(
    IN_TOTO_PAYLOAD_TYPE,
    canonicalize(statement, { scheme: 'jcs' }),
    options.signers,
  );
}

function slsaPredicate(source: ProvSource, ledger: SessionStatementOptions['ledger']): JsonObject {
  const { header } = source;
  return {
    buildDefinition: {
      buildType: SESSION_PREDICATE_TYPE,
      externalParameters: { label: header.label, kernel_action: header.kernel_action },
      internalParameters: { kernels: [...header.kernels_involved] },
      resolvedDependencies: [],
    },
    runDetails: {
      builder: { id: header.was_associated_with },
      metadata: {
        invocationId: `${header.urn}-${header.session_id}`,
        startedOn: header.started_at,
        ...(header.ended_at === null ? {} : { finishedOn: header.ended_at }),
      },
      byproducts: [{ name: `ledger/${ledger.name}`, digest: { sha256: ledger.head } }],
    },
  };
}
