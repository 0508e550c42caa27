import { EngramkitError, InvalidInputError, utf8Length } from '@engramkit/core';
import { cutToBytes, trimSpace } from './go-text.js';
import { sha256Hex } from './hash.js';

/** The part of a run's identity that its idempotency key is made of; `StoryInfo` of `@engramkit/engram` fits. */
export interface StepIdentity {
  /** Name of the StoryRun. */
  readonly storyRunId: string;
  /** Name of the StepRun. */
  readonly stepRunId: string;
  /** Namespace of the StepRun; empty or absent is left out of the key. */
  readonly stepRunNamespace?: string | undefined;
}

/**
 * The key that stays the same over every retry and restart of one step.
 *
 * `[ns/<namespace>/]storyrun/<storyRun>/steprun/<stepRun>`, each part trimmed; not hashed, not shortened, without attempt
 * number. Throws `IDEMPOTENCY_UNAVAILABLE` when the StoryRun or the StepRun has no name.
 *
 * Source: bobrapet-batch section 6.1.
 */
export function idempotencyKey(identity: StepIdentity): string {
  const storyRun = trimSpace(identity.storyRunId);
  const stepRun = trimSpace(identity.stepRunId);
  if (storyRun === '' || stepRun === '') {
    const missing = storyRun === '' ? 'StoryRun' : 'StepRun';
    throw new EngramkitError(`No idempotency key: this run has no ${missing} name.`, {
      code: 'IDEMPOTENCY_UNAVAILABLE',
      details: { missing },
      hint: 'Run the component as a step of a story, or give it a story identity; without one, pass a key of your own.',
    });
  }
  return `${namespacePrefix(identity.stepRunNamespace)}storyrun/${storyRun}/steprun/${stepRun}`;
}

/** What the operator derives the key of a StepRun from. */
export interface OperatorStepIdentity {
  readonly namespace?: string | undefined;
  /** Name of the StoryRun. */
  readonly storyRunName: string;
  /** Identifier of the step in its story, not the name of the StepRun. */
  readonly stepId: string;
  /** The evaluated `idempotencyKeyTemplate` of the step; blank counts as absent. */
  readonly evaluatedTemplate?: string | undefined;
}

/** The longest `StepRun.spec.idempotencyKey`, in bytes. Source: bobrapet-batch section 6.2. */
const OPERATOR_KEY_BYTES = 256;

/**
 * The key that the operator writes into `StepRun.spec.idempotencyKey`; not the one of {@link idempotencyKey}.
 *
 * The evaluated template wins, trimmed and cut to 256 bytes. Otherwise `[ns/<namespace>/]storyrun/<storyRun>/step/<stepId>`, or
 * its `sha256:` digest when that has more than 256 bytes. Throws `INVALID_STEP_IDENTITY` without StoryRun name or step id.
 *
 * Source: bobrapet-batch section 6.2.
 */
export function operatorIdempotencyKey(identity: OperatorStepIdentity): string {
  const fromTemplate = cutToBytes(trimSpace(identity.evaluatedTemplate ?? ''), OPERATOR_KEY_BYTES);
  if (fromTemplate !== '') return fromTemplate;
  const storyRun = trimSpace(identity.storyRunName);
  const stepId = trimSpace(identity.stepId);
  if (storyRun === '' || stepId === '') {
    throw new InvalidInputError(
      `No operator idempotency key: ${storyRun === '' ? 'storyRunName' : 'stepId'} is empty.`,
      {
        code: 'INVALID_STEP_IDENTITY',
        hint: 'Pass the name of the StoryRun and the identifier of the step in its story.',
      },
    );
  }
  const key = `${namespacePrefix(identity.namespace)}storyrun/${storyRun}/step/${stepId}`;
  return utf8Length(key) > OPERATOR_KEY_BYTES ? `sha256:${sha256Hex(key)}` : key;
}

function namespacePrefix(namespace: string | undefined): string {
  const trimmed = trimSpace(namespace ?? '');
  return trimmed === '' ? '' : `ns/${trimmed}/`;
}
