import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.js';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
  /** The name in the client's certificate. */
  readonly client: string | undefined;
}

/** What the next requests get. */
export type Answer = (request: SeenRequest, response: ServerResponse, socket: Socket) => void;

/** A TLS server on loopback that answers by a script. */
export interface ScriptedServer {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Answers in order; the last one stays. */
  answer(...answers: Answer[]): void;
  close(): Promise<void>;
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Answers with the Status object of a failure. */
export function failure(
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): Answer {
  const message = `refused: ${reason}`;
  return json(
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
    code,
    headers,
  );
}

/** Starts a server. */
export async function startServer(certificates: Certificates): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const sockets = new Map<Socket, number>();
  let script: Answer[] = [json({})];
  const server = createServer(
    { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: false },
    (incoming, response) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        const url = new URL(incoming.url ?? '/', 'https://x');
        const text = Buffer.concat(pieces).toString('utf8');
        const socket = incoming.socket as TLSSocket;
        const seen: SeenRequest = {
          method: incoming.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          headers: incoming.headers,
          body: text === '' ? undefined : JSON.parse(text),
          connection: sockets.get(socket) ?? 0,
          // A resumed TLS session is authorized, but has no certificate to read.
          client: socket.authorized
            ? socket.getPeerCertificate().subject?.CN?.toString()
            : undefined,
        };
        requests.push(seen);
        const next = script.length > 1 ? script.shift() : script[0];
        next?.(seen, response, socket);
      });
    },
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.set(socket, sockets.size + 1);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    requests,
    answer: (...answers) => {
      script = answers;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
