import { InvalidInputError, utf8Length } from '@engramkit/core';
import { cutToBytes, dropTrailingDashes, trimSpace } from './go-text.js';
import { sha1Hex } from './hash.js';
import { sanitizeAscii } from './resource-name.js';

// Source: bobrapet-batch section 9.5.
const LONGEST_OBJECT_NAME = 253;
const SHORT_HASH = 16;
const INFIX = '-trigger-';
/** What stands for a name of which nothing is left. */
const NAMELESS = 's';

/** One submission of a story: the same identity always yields the same names. */
export interface SubmissionIdentity {
  /** Namespace of the story; may be empty for run names. */
  readonly storyNamespace: string;
  readonly storyName: string;
  /** The idempotency key of the submission, else its submission id. */
  readonly identity: string;
}

/** The name of the StoryTrigger object of a submission. Throws `INVALID_SUBMISSION`. Source: bobrapet-batch section 9.5. */
export function storyTriggerName(submission: SubmissionIdentity): string {
  const hash = hashOf(submission);
  const name = `${submission.storyName}${INFIX}${hash}`;
  if (utf8Length(name) <= LONGEST_OBJECT_NAME) return name;
  const room = LONGEST_OBJECT_NAME - INFIX.length - SHORT_HASH;
  return `${dropTrailingDashes(cutToBytes(submission.storyName, room)) || NAMELESS}${INFIX}${hash}`;
}

/**
 * The name of the StoryRun that the operator creates for a submission.
 *
 * Throws `INVALID_SUBMISSION`. Source: bobrapet-batch section 9.5.
 */
export function storyRunName(submission: SubmissionIdentity): string {
  const hash = hashOf(submission);
  const sanitized = sanitizeAscii(submission.identity);
  const certain = sanitized === submission.identity && trimSpace(submission.storyNamespace) === '';
  const token = sanitized === '' ? hash : certain ? sanitized : `${sanitized}-${hash}`;
  const name = `${submission.storyName}-${token}`;
  if (utf8Length(name) <= LONGEST_OBJECT_NAME) return name;
  const kept = cutToBytes(submission.storyName, LONGEST_OBJECT_NAME - SHORT_HASH - 1);
  return `${dropTrailingDashes(kept)}-${hash}`;
}

function hashOf({ storyNamespace, storyName, identity }: SubmissionIdentity): string {
  if (storyName === '' || identity === '') {
    throw new InvalidInputError(
      `A submission needs ${storyName === '' ? 'the name of its story' : 'an identity'}.`,
      {
        code: 'INVALID_SUBMISSION',
        hint: 'Pass the story name, and the idempotency key or the submission id as identity.',
      },
    );
  }
  return sha1Hex(`${trimSpace(storyNamespace)}/${storyName}/${identity}`).slice(0, SHORT_HASH);
}
