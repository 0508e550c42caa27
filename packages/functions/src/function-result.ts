import { contentId } from '@engramkit/ids';
import { floatText, losslessText } from './lossless-json.js';

const RESULT = Symbol.for('engramkit.function-result');

/** What a {@link FunctionResult} may be made of. */
export interface FunctionResultMembers<Data = unknown> {
  readonly success?: boolean;
  readonly data?: Data;
  readonly error?: string | null;
  readonly lineage_cid?: string;
  readonly duration_ms?: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What came of a call; the members are those of the wire. Source: function-descriptor section 1.3. */
export class FunctionResult<Data = unknown> {
  readonly success: boolean;
  /** Any JSON-like value; null when there is none. */
  readonly data: Data | null;
  readonly error: string | null;
  /** Content id of the event that recorded the end of the call; empty when nothing is recorded. */
  readonly lineage_cid: string;
  /** Milliseconds, with fractions. */
  readonly duration_ms: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  #outputCid: string | undefined;

  /** Marks the class, so that every copy of the package recognises its results. */
  get [RESULT](): true {
    return true;
  }

  constructor(members: FunctionResultMembers<Data> = {}) {
    this.success = members.success ?? false;
    this.data = members.data ?? null;
    this.error = members.error ?? null;
    this.lineage_cid = members.lineage_cid ?? '';
    this.duration_ms = members.duration_ms ?? 0;
    this.metadata = members.metadata ?? {};
  }

  /**
   * The content id of `data` alone, computed once; nothing else of the result influences it.
   *
   * Throws a `CanonicalizationError` for data without a canonical form. Source: function-descriptor section 3.
   */
  outputCid(): string {
    this.#outputCid ??= contentId(this.data);
    return this.#outputCid;
  }

  /** The result with other members; the rest stays. */
  with(members: FunctionResultMembers<Data>): FunctionResult<Data> {
    const changed = new FunctionResult<Data>({
      success: members.success ?? this.success,
      data: 'data' in members ? members.data : (this.data ?? undefined),
      error: members.error === undefined ? this.error : members.error,
      lineage_cid: members.lineage_cid ?? this.lineage_cid,
      duration_ms: members.duration_ms ?? this.duration_ms,
      metadata: members.metadata ?? this.metadata,
    } as FunctionResultMembers<Data>);
    if (!('data' in members)) changed.#outputCid = this.#outputCid;
    return changed;
  }
}

/** Whether a value is a {@link FunctionResult} of any copy of this package. */
export function isFunctionResult(value: unknown): value is FunctionResult {
  return typeof value === 'object' && value !== null && RESULT in value;
}

/** A result that says that the call went well. */
export function succeeded<Data>(
  data: Data,
  metadata: Readonly<Record<string, unknown>> = {},
): FunctionResult<Data> {
  return new FunctionResult({ success: true, data, metadata });
}

/** A result that says that the call did not go well. */
export function failed(
  error: string,
  metadata: Readonly<Record<string, unknown>> = {},
): FunctionResult<never> {
  return new FunctionResult<never>({ success: false, error, metadata });
}

/**
 * The members of a result as JSON text without the braces, in the order of the wire.
 *
 * Numbers keep what makes them integers or floats, so that the receiver computes the same content id. Source:
 * function-descriptor section 1.3.
 */
export function resultMembersText(result: FunctionResult): string {
  const error = result.error === null ? 'null' : JSON.stringify(result.error);
  return (
    `"success":${result.success},"data":${losslessText(result.data, 'the data')},"error":${error},` +
    `"lineage_cid":${JSON.stringify(result.lineage_cid)},"duration_ms":${floatText(result.duration_ms)},` +
    `"metadata":${losslessText(result.metadata, 'the metadata')}`
  );
}
