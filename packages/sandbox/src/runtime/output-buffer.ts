import { type Diagnostic, diagnostic } from '../wire/run-types.js';

/** Keeps the beginning of a stream, whole characters only. Source: sandbox section 5.2-10. */
export class OutputBuffer {
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #kept = 0;
  #cut = false;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  write(text: string): void {
    if (this.#cut) return;
    let bytes: Buffer = Buffer.from(text, 'utf8');
    const room = this.#most - this.#kept;
    if (bytes.length > room) {
      this.#cut = true;
      let end = room;
      while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
      bytes = bytes.subarray(0, end);
    }
    this.#kept += bytes.length;
    this.#parts.push(bytes);
  }

  text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }

  /** What to say when something is missing. */
  warning(stream: string): readonly Diagnostic[] {
    if (!this.#cut) return [];
    const message = `${stream} was cut after ${this.#kept} of at most ${this.#most} bytes`;
    const hint = 'Return data as the result, or raise max_stdout_bytes.';
    return [diagnostic('warning', 'STDOUT_EXCEEDED', message, { hint })];
  }
}
