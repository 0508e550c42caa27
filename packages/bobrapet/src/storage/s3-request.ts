import type { Agent } from 'node:http';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** One signed request. */
export interface S3Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly agent: Agent;
}

/** An answer whose body was read up to a limit. */
export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
  /** The body is longer than the limit; `body` holds its begin. */
  readonly cut: boolean;
}

/** Sends a request and reads at most `maxBytes` of the answer. */
export async function sendS3(request: S3Request, maxBytes: number): Promise<S3Answer> {
  const { agent, body, headers, method, signal, url } = request;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, { method, headers, signal, agent });
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const pieces: Uint8Array[] = [];
  let size = 0;
  const announced = Number(answer.headers['content-length'] ?? 0);
  const ok = (answer.statusCode ?? 0) < 300;
  let cut = ok && announced > maxBytes;
  if (cut) answer.destroy();
  else {
    for await (const piece of answer as AsyncIterable<Uint8Array>) {
      size += piece.length;
      cut = size > maxBytes;
      if (cut) break;
      pieces.push(piece);
    }
  }
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: Buffer.concat(pieces),
    cut,
  };
}
