import type { JsonObject, JsonValue } from '@engramkit/core';
import type { Capability } from '../wire/capability.js';

/** What a rule of the host says about a call. */
export type ApprovalAnswer = 'allow' | 'deny' | 'ask';

/** What a rule sees. */
export interface ApprovalQuestion {
  readonly sessionId: string;
  readonly capability: Capability;
  readonly args: readonly JsonValue[];
  readonly kwargs: JsonObject;
}

/** A rule of the host, named by `{"auto":{"rule":…}}`. */
export type ApprovalRule = (question: ApprovalQuestion) => ApprovalAnswer | Promise<ApprovalAnswer>;

/** What a person decided about a pending call. Source: sandbox section 5.5. */
export interface ApprovalDecision {
  readonly decision: 'approve' | 'deny';
  /** Who decided. */
  readonly by: string;
  readonly reason?: string;
  /** Positional arguments that take the place of those of the guest; digested again. */
  readonly args?: readonly JsonValue[];
}

/** Asks the policy of a capability; unknown rules and rules that throw mean `ask`. Source: sandbox section 5.5. */
export async function askPolicy(
  question: ApprovalQuestion,
  rules: Readonly<Record<string, ApprovalRule>>,
): Promise<ApprovalAnswer> {
  const policy = question.capability.approval_policy;
  if (policy === 'none') return 'allow';
  if (policy === 'manual') return 'ask';
  const rule = Object.hasOwn(rules, policy.auto.rule) ? rules[policy.auto.rule] : undefined;
  if (rule === undefined) return 'ask';
  try {
    const answer = await rule(question);
    return answer === 'allow' || answer === 'deny' ? answer : 'ask';
  } catch {
    return 'ask'; // A rule that fails decides nothing: a person has to.
  }
}
