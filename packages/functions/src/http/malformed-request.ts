import type { Duplex } from 'node:stream';
import { HttpProblem, problemReply } from './problem.js';

const PROBLEMS: Readonly<
  Record<string, readonly [status: number, reason: string, detail: string]>
> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not come in time.'],
};

/** Answers what is no HTTP, or did not become any in time, and closes the connection. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, detail] = PROBLEMS[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'The request is no valid HTTP.',
  ];
  const { body } = problemReply(new HttpProblem(status, 'REQUEST_MALFORMED', detail));
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
