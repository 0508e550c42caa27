import { timingSafeEqual } from 'node:crypto';
import { digestBytes } from '@engramkit/ids';
import type { Principal } from '../governed-function.js';
import type { Exchange } from './exchange.js';
import { HttpProblem } from './problem.js';

/** Finds out who calls; `undefined` refuses the request with 401. A throw refuses it as well. */
export type Authenticator = (
  request: Pick<Exchange, 'method' | 'path' | 'header'>,
) => Principal | undefined | Promise<Principal | undefined>;

const LONGEST_TOKEN = 16_384;

/**
 * Takes the bearer token of a request to a verifier: of JSON Web Tokens, of an introspection service, of your own.
 *
 * The verifier yields who it is, or `undefined`; what it throws counts as a refusal and reaches nobody.
 */
export function bearerAuthenticator(
  verify: (token: string) => Principal | undefined | Promise<Principal | undefined>,
): Authenticator {
  return async (request) => {
    const header = request.header('authorization') ?? '';
    const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(header)?.[1];
    if (token === undefined || token.length > LONGEST_TOKEN) return undefined;
    return verify(token);
  };
}

/** Takes fixed tokens, each for one caller; compares in constant time. */
export function sharedTokens(idByToken: ReadonlyMap<string, string>): Authenticator {
  const known = [...idByToken].map(([token, id]) => ({ digest: digestOf(token), id }));
  return bearerAuthenticator((token) => {
    const digest = digestOf(token);
    let found: Principal | undefined;
    // Every token is compared, so that time tells nothing about the one that fits.
    for (const one of known) if (timingSafeEqual(one.digest, digest)) found = { id: one.id };
    return found;
  });
}

function digestOf(token: string): Buffer {
  return Buffer.from(digestBytes(Buffer.from(token, 'utf8')));
}

/** Who calls; throws the 401 problem. */
export async function authenticate(
  authenticator: Authenticator | undefined,
  exchange: Exchange,
): Promise<Principal | undefined> {
  if (authenticator === undefined) return undefined;
  let principal: Principal | undefined;
  try {
    principal = await authenticator(exchange);
  } catch {
    principal = undefined; // Why a token is refused is nobody's business but the verifier's.
  }
  if (principal !== undefined) return principal;
  throw new HttpProblem(401, 'UNAUTHENTICATED', 'The request has no valid credentials.', {
    hint: 'Send the header Authorization: Bearer <token>.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
