import { createHash } from 'node:crypto';
import { InvalidInputError, type JsonObject, trimSpace } from '@engramkit/core';
import type { TemplateEngine } from '@engramkit/template';
import type { TriggerSettings } from '../env/trigger-settings.js';
import { goJson } from '../storage/go-json.js';

/** Names an object. */
export interface ObjectName {
  readonly name: string;
  readonly namespace: string;
}

/** How one submission is told from another. Source: bobrapet-batch section 9.3. */
export interface DeliveryIdentity {
  readonly mode: 'none' | 'token' | 'key';
  /** Empty when submissions are not de-duplicated. */
  readonly key: string;
}

/** What a key template may refer to. */
export interface DeliveryScope {
  readonly inputs: JsonObject;
  readonly story: ObjectName;
  readonly impulse: ObjectName;
}

/**
 * What de-duplicates a submission: the token of the call, else that of the environment, or the hash of the key template.
 *
 * Throws `TRIGGER_TOKEN_MISSING`, `TRIGGER_KEY_EMPTY`, `TRIGGER_TOKEN_CONFLICT`, `TRIGGER_TOKEN_TOO_LONG`.
 * Source: bobrapet-batch section 9.2.
 */
export function deliveryIdentity(
  settings: Pick<TriggerSettings, 'token' | 'dedupeMode' | 'dedupeKeyTemplate'>,
  given: string | undefined,
  scope: DeliveryScope,
  /** Needed by the mode `key` only. */
  engine?: Pick<TemplateEngine, 'evaluate'>,
): DeliveryIdentity {
  const token = trimSpace(given ?? settings.token);
  if (settings.dedupeMode === 'key' && engine !== undefined)
    return { mode: 'key', key: keyOf(settings, token, scope, engine) };
  if (settings.dedupeMode === 'token' && token === '') {
    throw refusal(
      'TRIGGER_TOKEN_MISSING',
      'this impulse de-duplicates by token, and the call has none',
      {
        hint: 'Pass `token` to startStory, or set BUBU_TRIGGER_TOKEN.',
      },
    );
  }
  if ([...token].length > LONGEST_KEY) {
    throw refusal('TRIGGER_TOKEN_TOO_LONG', `the token has more than ${LONGEST_KEY} characters`, {
      hint: 'Use an identifier of the event, or a hash of it.',
    });
  }
  const mode = settings.dedupeMode === 'token' || token !== '' ? 'token' : 'none';
  return { mode, key: token };
}

/** The hash of inputs as they are submitted. Source: bobrapet-batch section 9.4. */
export function inputHash(inputs: JsonObject): string {
  return sha256(goJson(inputs));
}

/** SHA-256 of a text as lower-case hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const LONGEST_KEY = 256;

function keyOf(
  { dedupeKeyTemplate }: Pick<TriggerSettings, 'dedupeKeyTemplate'>,
  token: string,
  { inputs, story, impulse }: DeliveryScope,
  engine: Pick<TemplateEngine, 'evaluate'>,
): string {
  const value = engine.evaluate(dedupeKeyTemplate, {
    inputs,
    story: { ...story },
    impulse: { ...impulse },
  });
  const text = trimSpace(typeof value === 'string' ? value : goJson(value));
  if (text === '') {
    throw refusal('TRIGGER_KEY_EMPTY', 'the key template gives an empty text for these inputs', {
      hint: 'Refer to inputs that every event has in BUBU_TRIGGER_DEDUPE_KEY_TEMPLATE.',
    });
  }
  const key = sha256(text);
  if (token !== '' && token !== key) {
    throw refusal(
      'TRIGGER_TOKEN_CONFLICT',
      'the token of the call is not the key of the template',
      {
        hint: 'Leave the token out: the key template of the impulse decides.',
      },
    );
  }
  return key;
}

function refusal(
  code: string,
  message: string,
  { hint }: { readonly hint: string },
): InvalidInputError {
  return new InvalidInputError(message, { code, hint });
}
