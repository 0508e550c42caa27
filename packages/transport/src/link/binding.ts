import { fromJson } from '@bufbuild/protobuf';
import { type JsonObject, type JsonValue, parseJson, trimSpace, utf8Length } from '@engramkit/core';
import { type BindingInfo, BindingInfoSchema } from '../gen/transport/v1/transport_pb.js';
import { TransportError } from './transport-error.js';

/** The environment, handed in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that says where the connector is. Source: bobrapet-streaming section 3. */
export const BINDING_VARIABLE = 'BUBU_TRANSPORT_BINDING';
/** The one version of the protocol. Source: bobrapet-streaming sections 2.4 and 8. */
export const PROTOCOL_VERSION = '1.0.0';
const MAX_BINDING_BYTES = 1_048_576;
const NAMESPACE_VARIABLES = [
  'BUBU_TARGET_STORY_NAMESPACE',
  'BUBU_IMPULSE_NAMESPACE',
  'BUBU_STEPRUN_NAMESPACE',
  'BUBU_POD_NAMESPACE',
];

/** Where the connector is and how to talk to it. */
export interface TransportBinding {
  readonly name: string;
  readonly namespace: string;
  /** What the Control stream names: `namespace/name`, or the name alone. */
  readonly reference: string;
  readonly endpoint: string;
  readonly driver: string;
  /** Settings that win over the environment. Source: bobrapet-streaming section 3.3. */
  readonly overrides: ReadonlyMap<string, string>;
  /** `delivery.ordering` of the transport settings; empty when they do not say. */
  readonly ordering: string;
}

/** Reads {@link BINDING_VARIABLE}; throws `TRANSPORT_BINDING_INVALID`. Source: bobrapet-streaming section 3. */
export function readBinding(env: Environment): TransportBinding {
  const text = trimSpace(env[BINDING_VARIABLE] ?? '');
  if (text === '') throw invalid(`${BINDING_VARIABLE} not set`);
  if (text.length > MAX_BINDING_BYTES || utf8Length(text) > MAX_BINDING_BYTES) {
    throw invalid(`binding payload exceeds max size ${MAX_BINDING_BYTES}`);
  }
  if (!text.startsWith('{')) throw invalid('binding payload must be a JSON envelope');
  const outer = parsed(text);
  const name = trimSpace(textMember(outer, 'name'));
  if (name === '') throw invalid('binding envelope name is required');
  const raw = member(outer, 'binding');
  if (raw === undefined || raw === null) {
    throw invalid('binding envelope binding payload is required');
  }
  const info = infoOf(raw);
  requireProtocol(info.protocolVersion);
  const endpoint = trimSpace(info.endpoint);
  if (endpoint === '') throw invalid('transport binding missing endpoint');
  const given = trimSpace(textMember(outer, 'namespace'));
  const namespace =
    given !== ''
      ? given
      : (NAMESPACE_VARIABLES.map((variable) => trimSpace(env[variable] ?? '')).find(Boolean) ?? '');
  const settings = settingsOf(info.payload);
  return {
    name,
    namespace,
    reference: namespace === '' ? name : `${namespace}/${name}`,
    endpoint,
    driver: trimSpace(info.driver).toLowerCase(),
    overrides: overridesOf(settings.env),
    ordering: orderingOf(settings.delivery),
  };
}

function parsed(text: string): JsonObject {
  try {
    const value = parseJson(text, { what: BINDING_VARIABLE, duplicateKeys: 'last' });
    if (isObject(value)) return value;
  } catch (cause) {
    throw invalid(`unmarshal binding envelope: ${(cause as Error).message}`, cause);
  }
  throw invalid('binding payload must be a JSON envelope');
}

function infoOf(raw: JsonValue): BindingInfo {
  try {
    return fromJson(BindingInfoSchema, raw as Parameters<typeof fromJson>[1]);
  } catch (cause) {
    throw invalid(`binding is no BindingInfo: ${(cause as Error).message}`, cause);
  }
}

function requireProtocol(given: string): void {
  const version = trimSpace(given);
  if (version === PROTOCOL_VERSION) return;
  const reason =
    version === ''
      ? 'missing transport protocol version'
      : `unsupported transport protocol version ${JSON.stringify(version)} (expected ${PROTOCOL_VERSION})`;
  throw invalid(`invalid transport protocol version in binding: ${reason}`);
}

/** The transport settings; bytes that are no JSON object mean that there are none. */
function settingsOf(payload: Uint8Array): JsonObject {
  if (payload.byteLength === 0) return {};
  try {
    const value = parseJson(payload, { duplicateKeys: 'last' });
    return isObject(value) ? value : {};
  } catch {
    return {}; // Source: bobrapet-streaming section 3.3: no error.
  }
}

function overridesOf(env: JsonValue | undefined): ReadonlyMap<string, string> {
  if (!isObject(env)) return new Map();
  return new Map(
    Object.entries(env)
      .map(([key, value]) => [trimSpace(key), trimSpace(goText(value))] as const)
      .filter(([key]) => key !== ''),
  );
}

/** The text that peers make of a JSON value. Source: bobrapet-streaming section 3.3. */
function goText(value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return '<nil>';
  if (typeof value === 'number') return goNumber(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => goText(item)).join(' ')}]`;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${members.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}

/** The shortest digits; from 10^21 below 10^-4 and here from 10^6 on with an exponent of two digits at least. */
function goNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function orderingOf(delivery: JsonValue | undefined): string {
  return isObject(delivery) ? trimSpace(textMember(delivery, 'ordering')).toLowerCase() : '';
}

function textMember(object: JsonObject, key: string): string {
  const value = member(object, key);
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw invalid(`unmarshal binding envelope: ${key} must be a text`);
}

/** Exact, else in any case. Source: bobrapet-streaming section 3.1. */
function member(object: JsonObject, key: string): JsonValue | undefined {
  if (Object.hasOwn(object, key)) return object[key];
  const found = Object.keys(object).find((name) => name.toLowerCase() === key);
  return found === undefined ? undefined : object[found];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, cause?: unknown): TransportError {
  return new TransportError(message, {
    code: 'TRANSPORT_BINDING_INVALID',
    hint: `The operator sets ${BINDING_VARIABLE}; on a laptop, LocalConnector of @engramkit/transport/connector gives a value in its env.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
