import * as http from 'node:http';
import * as https from 'node:https';

/** One HTTP request, ready to go. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** How an exchange is carried out. */
export interface ExchangeOptions {
  readonly signal: AbortSignal;
  readonly maxRedirects: number;
  readonly ignoreCertificate: boolean;
}

/** What came back. */
export interface Answer {
  readonly statusCode: number;
  /** Code and reason, such as `404 Not Found`. */
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The most bytes of an answer that are read. */
const MOST_BYTES = 32 * 1024 * 1024;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Sends a request and follows redirects; credentials stay with the origin that they were meant for. */
export async function exchange(request: Exchange, options: ExchangeOptions): Promise<Answer> {
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const answer = await once(current, options);
    const location = answer.headers.Location;
    if (!REDIRECTS.includes(answer.statusCode) || location === undefined) return answer;
    if (options.maxRedirects === 0) return answer;
    if (hops === options.maxRedirects) throw new Error(`stopped after ${hops} redirects`);
    current = redirected(current, answer.statusCode, location);
  }
}

function redirected(request: Exchange, statusCode: number, location: string): Exchange {
  const url = new URL(location, request.url);
  const sameOrigin = url.origin === request.url.origin;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => sameOrigin || !/^(authorization|cookie|proxy-)/i.test(name),
    ),
  );
  const becomesGet =
    statusCode === 303 || ((statusCode === 301 || statusCode === 302) && request.method === 'POST');
  return becomesGet ? { url, method: 'GET', headers } : { ...request, url, headers };
}

function once(request: Exchange, options: ExchangeOptions): Promise<Answer> {
  const { url, method, headers, body } = request;
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const sent = (secure ? https : http).request(
      url,
      {
        method,
        headers,
        signal: options.signal,
        ...(secure ? { rejectUnauthorized: !options.ignoreCertificate } : {}),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (bytes > MOST_BYTES) {
            response.destroy(new Error(`the answer has more than ${MOST_BYTES} bytes`));
          } else {
            chunks.push(chunk);
          }
        });
        response.on('error', reject);
        response.on('end', () => {
          const statusCode = response.statusCode ?? 0;
          resolve({
            statusCode,
            status: `${statusCode} ${response.statusMessage ?? ''}`.trim(),
            headers: canonicalHeaders(response.headers),
            body: Buffer.concat(chunks),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Names as `Content-Type`, values of repeated headers joined by a comma. */
function canonicalHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            [
              name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
              Array.isArray(value) ? value.join(', ') : value,
            ],
          ],
    ),
  );
}
