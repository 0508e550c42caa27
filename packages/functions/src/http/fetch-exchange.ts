import type { Exchange } from './exchange.js';
import { HttpProblem } from './problem.js';

/** The request of a Fetch-shaped server. */
export function fetchExchange(request: Request): Exchange {
  const { pathname, searchParams } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: searchParams,
    header: (name) => request.headers.get(name) ?? undefined,
    headerNames: () => request.headers.keys(),
    signal: request.signal,
    body: (limitBytes) => readStream(request, limitBytes),
  };
}

async function readStream(request: Request, limitBytes: number): Promise<Uint8Array> {
  checkLength(request.headers.get('content-length') ?? undefined, limitBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) break;
    size += read.value.byteLength;
    if (size > limitBytes) {
      await reader?.cancel();
      throw tooLarge(limitBytes);
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Refuses a body by its announced length, before any of it is read. */
export function checkLength(header: string | undefined, limitBytes: number): void {
  if (header !== undefined && Number(header) > limitBytes) throw tooLarge(limitBytes);
}

/** The problem of a body that is too large. */
export function tooLarge(limitBytes: number): HttpProblem {
  return new HttpProblem(413, 'BODY_TOO_LARGE', `The body has more than ${limitBytes} bytes.`, {
    details: { maxBytes: limitBytes },
    hint: 'Send less, or raise maxBodyBytes of the host.',
  });
}
