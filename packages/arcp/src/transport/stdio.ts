import { DEFAULT_MAX_READ_BYTES, decodeFrame, type Envelope, encodeFrame } from '../envelope.js';
import { ArcpError } from '../error.js';
import { FrameInbox, type Transport } from './transport.js';

/** The readable side: a Node stream of bytes. */
export interface ByteSource {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The writable side: a Node stream. */
export interface TextSink {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  end(): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
  readonly writableLength: number;
}

/** Options of {@link lineTransport}. */
export interface LineTransportOptions {
  /** Longer lines are dropped without being kept; default 4 MiB. Source: arcp section 1.4, T-22. */
  readonly maxReadBytes?: number;
  /** Default 1 MiB. Source: arcp section 1.4, T-22. */
  readonly maxSendBytes?: number;
}

const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * A transport of lines: one frame per line, as between a parent and its child process.
 *
 * The end of the input is the end of the transport. Source: arcp section 1.4, T-20 to T-23.
 */
export function lineTransport(
  input: ByteSource,
  output: TextSink,
  options: LineTransportOptions = {},
): Transport {
  return new LineTransport(input, output, options);
}

class LineTransport implements Transport {
  readonly exposed = false;
  readonly #output: TextSink;
  readonly #maxSendBytes: number;
  readonly #inbox = new FrameInbox();
  #draining: Promise<void> | undefined;

  constructor(input: ByteSource, output: TextSink, options: LineTransportOptions) {
    this.#output = output;
    this.#maxSendBytes = options.maxSendBytes ?? MAX_LINE_BYTES;
    const maxBytes = options.maxReadBytes ?? DEFAULT_MAX_READ_BYTES;
    const lines = new LineReader(maxBytes, (line) => {
      this.#inbox.push(
        line === undefined
          ? {
              kind: 'noise',
              error: new ArcpError(
                'INVALID_REQUEST',
                `a line exceeds the limit of ${maxBytes} bytes`,
              ),
            }
          : decodeFrame(line, { maxBytes }),
      );
    });
    input.on('data', (chunk) => lines.push(chunk));
    const ended = (): void => {
      lines.finish();
      this.#inbox.end({ reason: 'the input ended' });
    };
    input.on('end', ended);
    input.on('close', ended);
    const failed = (cause: Error): void => {
      this.#inbox.end({
        error: new ArcpError('INTERNAL_ERROR', `the pipe failed: ${cause.message}`, { cause }),
      });
    };
    input.on('error', failed);
    output.on('error', failed);
  }

  get closed(): boolean {
    return this.#inbox.closed;
  }

  get bufferedBytes(): number {
    return this.#output.writableLength;
  }

  send(envelope: Envelope): Promise<void> {
    if (this.closed)
      return Promise.reject(new ArcpError('INTERNAL_ERROR', 'the transport is closed'));
    let text: string;
    try {
      text = encodeFrame(envelope, this.#maxSendBytes);
    } catch (error) {
      return Promise.reject(ArcpError.from(error));
    }
    if (this.#output.write(`${text}\n`)) return SENT;
    this.#draining ??= new Promise<void>((resolve, reject) => {
      this.#output.once('drain', () => {
        this.#draining = undefined;
        resolve();
      });
      this.#inbox.onClose(() => reject(new ArcpError('INTERNAL_ERROR', 'the transport is closed')));
    });
    return this.#draining;
  }

  onFrame(handler: Parameters<Transport['onFrame']>[0]): void {
    this.#inbox.onFrame(handler);
  }

  onClose(handler: Parameters<Transport['onClose']>[0]): void {
    this.#inbox.onClose(handler);
  }

  close(): void {
    if (this.#inbox.end({ reason: 'normal' })) this.#output.end();
  }
}

const SENT: Promise<void> = Promise.resolve();

/** Cuts bytes into lines with a bound; an over-long line is reported as `undefined` and never kept as a whole. */
class LineReader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string | undefined) => void;
  readonly #decoder = new TextDecoder('utf-8');
  #parts: Uint8Array[] = [];
  #length = 0;
  #skipping = false;

  constructor(maxBytes: number, onLine: (line: string | undefined) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      this.#take(chunk.subarray(start, end));
      this.#emit();
      start = end + 1;
    }
    this.#take(chunk.subarray(start));
  }

  /** A last line without a line feed counts as well. */
  finish(): void {
    if (this.#length > 0 || this.#skipping) this.#emit();
  }

  #take(part: Uint8Array): void {
    if (this.#skipping || part.length === 0) return;
    if (this.#length + part.length > this.#maxBytes + 1) {
      this.#skipping = true;
      this.#parts = [];
      this.#length = 0;
      return;
    }
    this.#parts.push(part);
    this.#length += part.length;
  }

  #emit(): void {
    const parts = this.#parts;
    const skipped = this.#skipping;
    this.#parts = [];
    this.#length = 0;
    this.#skipping = false;
    if (skipped) {
      this.#onLine(undefined);
      return;
    }
    let line = parts.length === 1 ? parts[0]! : concatenate(parts);
    if (line.at(-1) === CARRIAGE_RETURN) line = line.subarray(0, -1);
    if (line.length > 0) {
      const text = this.#decoder.decode(line);
      if (text.trim() !== '') this.#onLine(text);
    }
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
