import type { Clock, Timer } from '@engramkit/core';
import { durationText } from './layout.js';
import type { Output } from './terminal.js';

/** The line at the bottom of the terminal that says what is going on. */
export interface StatusLine extends Disposable {
  /** Replaces the text; the time since is shown beside it. */
  show(text: string): void;
  /** Writes through without mixing with the line. */
  through(write: () => void): void;
  /** Takes the line away; `show` brings it back. */
  clear(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const FRAME_MS = 80;
const PLAIN_INTERVAL_MS = 10_000;
const ERASE = '\r\u001b[2K';

/**
 * On a terminal: one line that is redrawn in place. Elsewhere: a plain line only when something takes longer than ten seconds.
 */
export function openStatusLine(output: Output, clock: Clock): StatusLine {
  return output.interactive ? animated(output, clock) : plain(output, clock);
}

function animated(output: Output, clock: Clock): StatusLine {
  let text: string | undefined;
  let since = 0;
  let frame = 0;
  let drawn = false;
  let timer: Timer | undefined;
  const erase = (): void => {
    if (drawn) output.write(ERASE);
    drawn = false;
  };
  const draw = (): void => {
    if (text === undefined) return;
    const passed = clock.monotonic() - since;
    const tail = passed < 1_000 ? '' : `  ${durationText(passed)}`;
    const room = Math.max(8, output.columns - tail.length - 4);
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    output.write(
      `${ERASE}${output.paint('cyan', FRAMES[frame % FRAMES.length] ?? '')} ${shown}${output.paint('dim', tail)}`,
    );
    drawn = true;
  };
  const tick = (): void => {
    frame += 1;
    draw();
    timer = clock.setTimer(tick, FRAME_MS, { unref: true });
  };
  const clear = (): void => {
    timer?.cancel();
    timer = undefined;
    text = undefined;
    erase();
  };
  return {
    show(next) {
      text = next;
      since = clock.monotonic();
      draw();
      timer ??= clock.setTimer(tick, FRAME_MS, { unref: true });
    },
    through(write) {
      erase();
      write();
      draw();
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

function plain(output: Output, clock: Clock): StatusLine {
  let timer: Timer | undefined;
  const clear = (): void => timer?.cancel();
  return {
    show(text) {
      clear();
      const since = clock.monotonic();
      const remind = (): void => {
        output.write(`engramkit: ${text}, ${durationText(clock.monotonic() - since)} so far\n`);
        timer = clock.setTimer(remind, PLAIN_INTERVAL_MS, { unref: true });
      };
      timer = clock.setTimer(remind, PLAIN_INTERVAL_MS, { unref: true });
    },
    through: (write) => write(),
    clear,
    [Symbol.dispose]: clear,
  };
}
