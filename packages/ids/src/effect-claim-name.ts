import { InvalidInputError, utf8Length } from '@engramkit/core';
import { cutToBytes, dropTrailingDashes, trimSpace } from './go-text.js';
import { sha1Hex, sha256Hex } from './hash.js';

// Source: bobrapet-batch sections 7.2 and 7.5.
const LONGEST_OBJECT_NAME = 253;
const LONGEST_EFFECT_KEY = 256;
const LONGEST_HOLDER = 253;
const SHORT_HASH = 16;
const INFIX = '-effect-';
/** What stands for a name of which nothing is left. */
const NAMELESS = 's';

/** Which effect of which step. */
export interface EffectIdentity {
  /** Namespace of the StepRun. */
  readonly namespace: string;
  readonly stepRunName: string;
  /** The author's name of the effect; trimmed, 1 to 256 characters. */
  readonly effectKey: string;
}

/**
 * The name of the EffectClaim object for an effect; the cluster refuses any other name.
 *
 * Throws `INVALID_EFFECT_KEY` for an empty or overlong key. Source: bobrapet-batch section 7.2.
 */
export function effectClaimName(effect: EffectIdentity): string {
  const key = effectKeyOf(effect.effectKey);
  const hash = sha1Hex(`${effect.namespace}/${effect.stepRunName}/${key}`).slice(0, SHORT_HASH);
  const name = `${effect.stepRunName}${INFIX}${hash}`;
  if (utf8Length(name) <= LONGEST_OBJECT_NAME) return name;
  const room = LONGEST_OBJECT_NAME - INFIX.length - SHORT_HASH;
  return `${dropTrailingDashes(cutToBytes(effect.stepRunName, room)) || NAMELESS}${INFIX}${hash}`;
}

/**
 * The `holderIdentity` of an EffectClaim: `<namespace>:<stepRun>:<key>:<owner>`.
 *
 * A longer one than the 253 bytes that the cluster admits keeps its start and the owner; a hash of what was cut stands between
 * them. Throws `INVALID_EFFECT_KEY`. Source: bobrapet-batch section 7.2.
 */
export function effectHolderIdentity(effect: EffectIdentity, owner: string): string {
  const where = `${effect.namespace}:${effect.stepRunName}:${effectKeyOf(effect.effectKey)}`;
  const whole = `${where}:${owner}`;
  if (utf8Length(whole) <= LONGEST_HOLDER) return whole;
  const hash = sha256Hex(where).slice(0, SHORT_HASH);
  const room = LONGEST_HOLDER - utf8Length(owner) - SHORT_HASH - 2;
  if (room < 0) {
    throw new InvalidInputError(
      `The effect owner has ${utf8Length(owner)} bytes; a UUID is expected.`,
      {
        code: 'INVALID_EFFECT_OWNER',
        hint: 'Use a random UUID to tell owners apart.',
      },
    );
  }
  return `${cutToBytes(where, room)}:${hash}:${owner}`;
}

function effectKeyOf(key: string): string {
  const trimmed = trimSpace(key);
  const length = [...trimmed].length;
  if (length === 0 || length > LONGEST_EFFECT_KEY) {
    throw new InvalidInputError(
      length === 0 ? 'The effect key is empty.' : `The effect key has ${length} characters.`,
      {
        code: 'INVALID_EFFECT_KEY',
        details: { length, longest: LONGEST_EFFECT_KEY },
        hint: `Name the effect with 1 to ${LONGEST_EFFECT_KEY} characters, such as "provider.charge".`,
      },
    );
  }
  return trimmed;
}
