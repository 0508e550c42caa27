import { InvalidInputError } from '@engramkit/core';

/** How an action URN separates kernel and action: `dot` up to CKP v3.5, `slash` since v3.6. Source: provenance section 1.1. */
export type UrnStyle = 'dot' | 'slash';

/** The parts of a `ckp://` URN. */
export interface ParsedUrn {
  /** `Kernel`, `Action`, `Edge`, `Occurrent` or another type of the protocol. */
  readonly type: string;
  /** What follows `#`, percent-decoded, without version and timestamp. */
  readonly name: string;
  /** `v1.0`, `v1.2.3`: the text after the first `:`, when there is one. */
  readonly version?: string;
  /** Milliseconds since 1970-01-01T00:00:00Z, for actions and occurrents that carry a time. */
  readonly timestampMs?: number;
  /** Set for action URNs of the slash style: the kernel's name. */
  readonly kernel?: string;
  /** Set for action URNs of the slash style: the action's name. */
  readonly action?: string;
}

/** The version that a kernel URN gets when none is given. Source: provenance section 1.1. */
export const DEFAULT_KERNEL_VERSION = 'v1.0';

const NAME = /^[A-Za-z0-9_.-]+$/;
const VERSION = /^v\d+\.\d+(\.\d+)?$/;
const URN = /^ckp:\/\/([A-Z][A-Za-z]*)#([^\s#<>"{}|\\^`]+)$/;

/**
 * `ckp://Action#{kernel}.{action}-{ms}`, or with `/` between kernel and action in the slash style.
 *
 * `timestampMs` is milliseconds since 1970-01-01T00:00:00Z, cut to whole milliseconds. Characters outside of
 * `A-Z a-z 0-9 _ . -` are percent-encoded; spaces and control characters are refused.
 * Source: provenance section 1.1.
 */
export function buildActionUrn(
  kernel: string,
  action: string,
  timestampMs?: number,
  options: { readonly style?: UrnStyle } = {},
): string {
  const separator = options.style === 'slash' ? '/' : '.';
  const time = timestampMs === undefined ? '' : `-${Math.floor(timestampMs)}`;
  return `ckp://Action#${segment(kernel, 'kernel')}${separator}${segment(action, 'action')}${time}`;
}

/** `ckp://Kernel#{name}:{version}`; the version is `v1.0` unless given. Source: provenance section 1.1. */
export function buildKernelUrn(name: string, version: string = DEFAULT_KERNEL_VERSION): string {
  if (!VERSION.test(version)) {
    throw new InvalidInputError(
      `kernel version ${shown(version)} is not of the form vX.Y or vX.Y.Z`,
      {
        code: 'URN_INVALID',
        hint: 'Write the version as v1.0 or v1.0.2.',
      },
    );
  }
  return `ckp://Kernel#${segment(name, 'kernel')}:${version}`;
}

/** `ckp://Edge#{predicate}`. Source: provenance section 1.1. */
export function buildEdgeUrn(predicate: string): string {
  return `ckp://Edge#${segment(predicate, 'predicate')}`;
}

/** `ckp://Occurrent#{kernel}/{action}/{step}-{ms}`. Source: provenance section 1.1. */
export function buildOccurrentUrn(
  kernel: string,
  action: string,
  step: string,
  timestampMs: number,
): string {
  const path = [segment(kernel, 'kernel'), segment(action, 'action'), segment(step, 'step')];
  return `ckp://Occurrent#${path.join('/')}-${Math.floor(timestampMs)}`;
}

/**
 * The short name of a kernel: what follows the first `Kernel#` up to the first `:`, or the text itself.
 *
 * Source: provenance section 1.2.
 */
export function kernelShortName(text: string): string {
  const rest = text.split('Kernel#')[1];
  return rest === undefined ? text : (rest.split(':')[0] ?? '');
}

/** Whether the text is a `ckp://` URN of a known shape. */
export function isUrn(text: string): boolean {
  return parseUrn(text) !== undefined;
}

/** Takes a `ckp://` URN apart, or returns undefined when the text is none. */
export function parseUrn(text: string): ParsedUrn | undefined {
  const match = URN.exec(text);
  const type = match?.[1];
  const body = match?.[2];
  if (type === undefined || body === undefined) return undefined;
  const colon = body.indexOf(':');
  const versionText = colon < 0 ? undefined : body.slice(colon + 1);
  let rest = colon < 0 ? body : body.slice(0, colon);
  let timestampMs: number | undefined;
  const time = type === 'Action' || type === 'Occurrent' ? /^(.+)-(\d{1,16})$/.exec(rest) : null;
  if (time?.[1] !== undefined && time[2] !== undefined) {
    rest = time[1];
    timestampMs = Number(time[2]);
  }
  const pieces = rest.split('/').map(decoded);
  if (pieces.some((piece) => piece === undefined || piece === '')) return undefined;
  const [kernel, action] = pieces;
  return {
    type,
    name: pieces.join('/'),
    ...(versionText === undefined ? {} : { version: versionText }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
    ...(type === 'Action' && pieces.length === 2 && kernel !== undefined && action !== undefined
      ? { kernel, action }
      : {}),
  };
}

function segment(text: string, what: string): string {
  if (NAME.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these characters are refused.
  if (text === '' || /[\u0000-\u0020\u007f]/.test(text) || /[\ud800-\udfff]/u.test(text)) {
    throw new InvalidInputError(
      `${what} ${shown(text)} cannot be part of a URN: it is empty, or has spaces or control characters`,
      { code: 'URN_INVALID', hint: 'Use letters, digits, "_", "." and "-".' },
    );
  }
  return encodeURIComponent(text).replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // A broken percent sequence: the text is not a URN of ours.
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
