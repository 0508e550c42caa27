import { InvalidInputError } from '@engramkit/core';

/** What a call is about; every member may be empty. Source: function-descriptor section 1.2. */
export interface FunctionContext {
  /** The kind of event that led to the call. */
  readonly trigger_event_kind: string;
  /** Content id of that event. */
  readonly trigger_event_cid: string;
  readonly chronicle_session_id: string;
  /** The authorization context under which the call is made. */
  readonly gsap_context_id: string;
  /** Names the call; a fresh UUID when it is empty. */
  readonly invocation_id: string;
  readonly pipeline_run_id: string;
}

const EMPTY: FunctionContext = Object.freeze({
  trigger_event_kind: '',
  trigger_event_cid: '',
  chronicle_session_id: '',
  gsap_context_id: '',
  invocation_id: '',
  pipeline_run_id: '',
});

const MEMBERS = Object.keys(EMPTY) as readonly (keyof FunctionContext)[];
/** The longest text of a member, in UTF-16 units; identifiers are shorter. */
const LONGEST_MEMBER = 4096;

/** A whole context: what is not given is empty. Source: function-descriptor section 1.2. */
export function functionContext(given: Partial<FunctionContext> = {}): FunctionContext {
  return {
    trigger_event_kind: given.trigger_event_kind ?? '',
    trigger_event_cid: given.trigger_event_cid ?? '',
    chronicle_session_id: given.chronicle_session_id ?? '',
    gsap_context_id: given.gsap_context_id ?? '',
    invocation_id: given.invocation_id ?? '',
    pipeline_run_id: given.pipeline_run_id ?? '',
  };
}

/**
 * Reads a context from outside; `undefined` is an empty one.
 *
 * Throws `FUNCTION_CONTEXT_INVALID` that names what is unknown or no text. Source: function-descriptor section 1.2.
 */
export function parseFunctionContext(value: unknown): FunctionContext {
  if (value === undefined) return EMPTY;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(['it is not an object']);
  }
  const problems: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (!MEMBERS.some((known) => known === name)) {
      problems.push(`${JSON.stringify(name.slice(0, 80))} is no member of a context`);
    } else if (typeof member !== 'string') problems.push(`${name} must be a string`);
    else if (member.length > LONGEST_MEMBER) problems.push(`${name} is too long`);
  }
  if (problems.length > 0) throw invalid(problems);
  return functionContext(value); // Every member was checked just now.
}

function invalid(problems: readonly string[]): InvalidInputError {
  return new InvalidInputError(`the context is not valid: ${problems.join('; ')}`, {
    code: 'FUNCTION_CONTEXT_INVALID',
    details: { problems },
    hint: `The members of a context are ${MEMBERS.join(', ')}; all are texts.`,
  });
}
