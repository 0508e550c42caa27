import { HttpProblem } from './problem.js';

/** A CloudEvents 1.0 event that was checked. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Every other attribute that is set, by its name. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Null when there is none. */
  readonly data: unknown;
}

const RFC_3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const URI_CHARACTERS = /^([A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const MEDIA_TYPE = /^[A-Za-z0-9!#$&^_.+-]+\/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const LONGEST_ATTRIBUTE = 8192;

/**
 * Checks an event of the structured mode; nothing is invented for what is missing.
 *
 * Throws a 400 problem that names the attribute. `where` tells events of a batch apart. Source: CloudEvents 1.0.2 sections 2 and 3
 * and its JSON format.
 */
export function checkCloudEvent(value: unknown, where = ''): CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('', where, 'an event must be a JSON object');
  }
  const { data, data_base64: base64, ...given } = value as Readonly<Record<string, unknown>>;
  const hasData = Object.hasOwn(value, 'data');
  if (hasData && base64 !== undefined && base64 !== null) {
    throw refuse('data_base64', where, 'there must not be both data and data_base64');
  }
  if (base64 !== undefined && base64 !== null) {
    const fits = typeof base64 === 'string' && BASE64.test(base64);
    if (!fits) throw refuse('data_base64', where, 'must be a Base64 text');
  }
  return {
    ...checkAttributes(given, where),
    data: base64 === undefined || base64 === null ? (data ?? null) : base64,
  };
}

/** Checks the attributes of an event of any mode. */
export function checkAttributes(
  given: Readonly<Record<string, unknown>>,
  where: string,
): Omit<CloudEvent, 'data'> {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[a-z0-9]+$/.test(name)) {
      throw refuse(name, where, 'attribute names are lower-case letters and digits');
    }
    if (value === null) continue; // The same as absent.
    const fits =
      typeof value === 'string'
        ? value.length <= LONGEST_ATTRIBUTE && !/[\p{Cc}\p{Surrogate}]/u.test(value)
        : typeof value === 'boolean' || isInteger(value);
    if (!fits) throw refuse(name, where, 'must be a text, a boolean or a 32-bit integer');
    attributes[name] = value;
  }
  const text = (name: string, required: boolean): string | undefined => {
    const value = attributes[name];
    if (value === undefined && !required) return undefined;
    if (value === undefined) throw refuse(name, where, 'is missing');
    if (typeof value !== 'string' || value === '')
      throw refuse(name, where, 'must be a non-empty text');
    return value;
  };
  if (text('specversion', true) !== '1.0') throw refuse('specversion', where, 'must be 1.0');
  const id = text('id', true) ?? '';
  const source = text('source', true) ?? '';
  const type = text('type', true) ?? '';
  if (!URI_CHARACTERS.test(source)) throw refuse('source', where, 'must be a URI reference');
  const time = text('time', false);
  if (time !== undefined && !RFC_3339.test(time))
    throw refuse('time', where, 'must be an RFC 3339 time');
  const schema = text('dataschema', false);
  if (
    schema !== undefined &&
    !(URI_CHARACTERS.test(schema) && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(schema))
  ) {
    throw refuse('dataschema', where, 'must be an absolute URI');
  }
  const contentType = text('datacontenttype', false);
  if (contentType !== undefined && !MEDIA_TYPE.test(contentType)) {
    throw refuse('datacontenttype', where, 'must be a media type');
  }
  text('subject', false);
  return { id, source, type, attributes };
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31 - 1;
}

/** The problem of one attribute. */
export function refuse(attribute: string, where: string, reason: string): HttpProblem {
  const name = attribute === '' ? '' : ` attribute ${JSON.stringify(attribute.slice(0, 80))}`;
  return new HttpProblem(400, 'CLOUD_EVENT_INVALID', `The event${where}:${name} ${reason}.`, {
    details: { attribute },
    hint: 'CloudEvents 1.0 needs specversion 1.0, id, source and type; see https://cloudevents.io.',
  });
}
