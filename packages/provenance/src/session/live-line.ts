import { formatClockTime } from '../time.js';
import { kernelShortName } from '../urn.js';

/** What one line of a live viewer shows. */
export interface LiveLineInput {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timeMs: number;
  /** Kernel URN or short name. */
  readonly kernel: string;
  readonly actionType: string;
  readonly outcome: string;
  readonly diffSummary?: string | null;
  readonly note?: string;
  /** Default 1. */
  readonly attempt?: number;
}

const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['verified', '+'],
  ['failed', 'x'],
  ['retry', '~'],
  ['skipped', '-'],
]);

/**
 * The line that a live viewer prints for one action, without a line end.
 *
 * Fields are padded on the right and never cut; with nothing to add the line ends in a blank.
 * Source: provenance section 3.6.
 */
export function formatLiveLine(input: LiveLineInput): string {
  const symbol = SYMBOLS.get(input.outcome) ?? '?';
  const detail = input.diffSummary || input.note || '';
  const attempt = input.attempt ?? 1;
  const suffix = attempt > 1 ? ` (attempt ${attempt})` : '';
  return `[${formatClockTime(input.timeMs)}] ${padded(kernelShortName(input.kernel), 24)} ${padded(
    input.actionType,
    24,
  )} ${symbol} ${padded(input.outcome, 8)} ${detail}${suffix}`;
}

/** Pads to a width counted in code points, as the Python formatter does. */
function padded(text: string, width: number): string {
  const missing = width - [...text].length;
  return missing > 0 ? text + ' '.repeat(missing) : text;
}
