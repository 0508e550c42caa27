import type { JsonValue, Secrets } from 'engramkit';
import type { Config, Inputs } from './config.js';
import type { Exchange } from './exchange.js';

/** The secrets that the authentication may need. */
export type SecretName =
  | 'bearer_token'
  | 'basic_username'
  | 'basic_password'
  | 'custom_header_value';

/**
 * Makes the request that config, inputs and secrets describe together.
 *
 * Headers of the inputs win over those of the config, whatever their case; authentication never replaces a header that is set,
 * except a custom one.
 */
export function buildExchange(
  config: Config,
  inputs: Inputs,
  secrets: Pick<Secrets<SecretName>, 'get'>,
): Exchange {
  const address = inputs.url || config.defaultURL;
  if (address === '') throw new Error("input 'url' is a required string");
  if (!URL.canParse(address)) throw new Error(`input 'url' is not an absolute address: ${address}`);
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`input 'url' must begin with http:// or https://, not ${url.protocol}`);
  }
  for (const [name, value] of Object.entries(inputs.params)) {
    appendParameter(url.searchParams, name, value, config.queryParams.arrayFormat);
  }
  const headers = new Map<string, string>();
  for (const source of [config.defaultHeaders, inputs.headers]) {
    for (const [name, value] of Object.entries(source)) headers.set(name.toLowerCase(), value);
  }
  authenticate(headers, config, secrets);
  if (!headers.has('user-agent')) headers.set('user-agent', 'engramkit-http-request/1.0');
  return {
    url,
    method: (inputs.method || config.defaultMethod).toUpperCase(),
    headers: Object.fromEntries(headers),
    body: inputs.body,
  };
}

function appendParameter(
  parameters: URLSearchParams,
  name: string,
  value: JsonValue,
  format: Config['queryParams']['arrayFormat'],
): void {
  if (!Array.isArray(value)) {
    parameters.append(name, textOf(value));
    return;
  }
  for (const [index, item] of value.entries()) {
    const suffix = { noBrackets: '', brackets: '[]', indices: `[${index}]` }[format];
    parameters.append(`${name}${suffix}`, textOf(item as JsonValue));
  }
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function authenticate(
  headers: Map<string, string>,
  { auth }: Config,
  secrets: Pick<Secrets<SecretName>, 'get'>,
): void {
  if (auth?.type === 'customHeader') {
    const value = secrets.get('custom_header_value');
    const name = auth.headerName.toLowerCase();
    if (name === '') throw new Error("config 'auth.headerName' is required for customHeader");
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
    return;
  }
  if (auth === undefined || headers.has('authorization')) return;
  if (auth.type === 'bearer') {
    const token = secrets.get('bearer_token');
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return;
  }
  const user = secrets.get('basic_username');
  const password = secrets.get('basic_password');
  if (user !== undefined && password !== undefined) {
    const pair = Buffer.from(`${user}:${password}`).toString('base64');
    headers.set('authorization', `Basic ${pair}`);
  }
}
