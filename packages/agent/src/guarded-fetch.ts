import { ArcpError } from '@engramkit/arcp';

const MOST_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** `fetch` that asks before every address, also before those it is redirected to. Source: arcp section 5.4, L-22. */
export function guardedFetch(
  authorize: (address: string) => void,
  signal: AbortSignal,
): (address: string | URL, init?: RequestInit) => Promise<Response> {
  return async (address, init = {}) => {
    let target = new URL(address);
    let request: RequestInit = {
      ...init,
      redirect: 'manual',
      signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal,
    };
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      authorize(target.href);
      const response = await fetch(target, request);
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null || init.redirect === 'manual')
        return response;
      await response.body?.cancel();
      if (init.redirect === 'error') throw new TypeError('the address redirects');
      const next = new URL(location, target);
      request = redirected(request, response.status, next.origin !== target.origin);
      target = next;
    }
    throw new ArcpError('INTERNAL_ERROR', `more than ${MOST_REDIRECTS} redirects`);
  };
}

/** What the platform's own fetch does to a request that is redirected. */
function redirected(request: RequestInit, status: number, crossesOrigin: boolean): RequestInit {
  const headers = new Headers(request.headers);
  if (crossesOrigin)
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) headers.delete(name);
  const method = request.method?.toUpperCase() ?? 'GET';
  const becomesGet =
    status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
  if (!becomesGet) return { ...request, headers };
  for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
  const { body: _body, ...rest } = request;
  return { ...rest, method: 'GET', headers };
}
