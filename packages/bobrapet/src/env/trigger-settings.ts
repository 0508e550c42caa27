import { type EnvironmentReader, shownValue } from './environment-reader.js';

/** How starts of Stories are delivered. Source: bobrapet-batch section 1.7. */
export interface TriggerSettings {
  /** Token of calls that bring none; empty for none. */
  readonly token: string;
  /** Absent: what the call says. */
  readonly dedupeMode: 'none' | 'token' | 'key' | undefined;
  readonly dedupeKeyTemplate: string;
  /** Tries in all; 0 and 1 mean one. Absent: not set. */
  readonly retryMaxAttempts: number | undefined;
  readonly retryBaseDelayMs: number | undefined;
  readonly retryMaxDelayMs: number | undefined;
  readonly retryBackoff: 'exponential' | 'linear' | 'constant' | undefined;
  /** 0 means no limit. */
  readonly throttleRatePerSecond: number;
  readonly throttleBurst: number;
  readonly throttleMaxInFlight: number;
}

/** Reads the delivery policy; a malformed value is a problem of the part `triggers`. */
export function readTriggerSettings(reader: EnvironmentReader): TriggerSettings {
  const whole = (name: string): number | undefined => reader.requiredInteger(name, 'triggers', 0);
  const mode = wordOf(reader, 'BUBU_TRIGGER_DEDUPE_MODE', ['none', 'token', 'key']);
  const template = reader.trimmed('BUBU_TRIGGER_DEDUPE_KEY_TEMPLATE');
  const rate = whole('BUBU_TRIGGER_THROTTLE_RATE_PER_SECOND') ?? 0;
  checkKey(reader, template);
  return {
    token: reader.trimmed('BUBU_TRIGGER_TOKEN'),
    dedupeMode: mode,
    dedupeKeyTemplate: template,
    retryMaxAttempts: whole('BUBU_TRIGGER_RETRY_MAX_ATTEMPTS'),
    retryBaseDelayMs: reader.requiredDuration('BUBU_TRIGGER_RETRY_BASE_DELAY', 'triggers'),
    retryMaxDelayMs: reader.requiredDuration('BUBU_TRIGGER_RETRY_MAX_DELAY', 'triggers'),
    retryBackoff: wordOf(reader, 'BUBU_TRIGGER_RETRY_BACKOFF', [
      'exponential',
      'linear',
      'constant',
    ]),
    throttleRatePerSecond: rate,
    throttleBurst: whole('BUBU_TRIGGER_THROTTLE_BURST') || rate,
    throttleMaxInFlight: whole('BUBU_TRIGGER_THROTTLE_MAX_IN_FLIGHT') ?? 0,
  };
}

function checkKey(reader: EnvironmentReader, template: string): void {
  const name = 'BUBU_TRIGGER_DEDUPE_KEY_TEMPLATE';
  const mode = reader.trimmed('BUBU_TRIGGER_DEDUPE_MODE').toLowerCase();
  if (mode === 'key' && template === '') {
    reader.problem(name, 'triggers', 'nothing', 'a template, since the mode is key');
  } else if (mode === '' && template !== '') {
    reader.problem(name, 'triggers', 'a template', 'BUBU_TRIGGER_DEDUPE_MODE=key beside it');
  }
}

function wordOf<Word extends string>(
  reader: EnvironmentReader,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = reader.trimmed(name).toLowerCase();
  if (text === '') return undefined;
  const word = words.find((known) => known === text);
  if (word === undefined) {
    reader.problem(name, 'triggers', shownValue(text), words.join(', '));
  }
  return word;
}
