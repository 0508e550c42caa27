import type { JsonObject } from '@engramkit/core';
import { ARCP_VERSION_1_0, type Envelope } from './envelope.js';
import { asObject } from './error.js';

/** Which shapes the peer of a session speaks; decided once. Source: arcp section 8.3. */
export type Dialect = '1.1' | '1.0' | 'seed';

/** The dialect of a client, by its `session.hello`. */
export function dialectOfHello(hello: Envelope): Dialect {
  const { payload } = hello;
  if (typeof payload.client_name === 'string' && asObject(payload.client) === undefined)
    return 'seed';
  return hello.arcp === ARCP_VERSION_1_0 || !hasFeatures(payload) ? '1.0' : '1.1';
}

/** The dialect of a runtime, by its `session.welcome`. */
export function dialectOfWelcome(welcome: Envelope): Dialect {
  const { payload } = welcome;
  if (typeof payload.runtime_name === 'string' && asObject(payload.runtime) === undefined)
    return 'seed';
  return hasFeatures(payload) ? '1.1' : '1.0';
}

function hasFeatures(payload: JsonObject): boolean {
  return Array.isArray(asObject(payload.capabilities)?.features);
}
