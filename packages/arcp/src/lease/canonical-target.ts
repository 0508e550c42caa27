import { ArcpError } from '../error.js';

/** Capabilities whose targets are paths. */
const PATH_CAPABILITIES: ReadonlySet<string> = new Set(['fs.read', 'fs.write']);
const URL_CAPABILITY = 'net.fetch';
const UNRESERVED = /%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])/g;

/**
 * The one spelling of a target that patterns are matched against.
 *
 * Paths and URLs are resolved; names of tools, agents and models stay as they are. Throws `PERMISSION_DENIED` for targets that
 * have no canonical form. Symbolic links are the caller's duty. Source: arcp section 5.3.
 */
export function canonicalTarget(capability: string, target: string): string {
  if (PATH_CAPABILITIES.has(capability)) return canonicalPath(target);
  if (capability === URL_CAPABILITY) return canonicalUrl(target).href;
  return target;
}

/** A path without `.`, `..` and doubled slashes; a relative path may not climb above its start. */
export function canonicalPath(path: string): string {
  if (path === '' || path.includes('\0') || path.includes('\\')) {
    throw denied(path, 'a path must not be empty and must not contain NUL or backslash');
  }
  const absolute = path.startsWith('/');
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.length > 0) kept.pop();
    else if (!absolute) throw denied(path, 'a relative path must not climb above its start');
  }
  return (absolute ? '/' : '') + kept.join('/');
}

/** A URL in canonical spelling, and without its query. */
export interface CanonicalUrl {
  /** Scheme, host, port unless default, path, and the query if there was one. */
  readonly href: string;
  readonly withoutQuery: string;
}

/**
 * Lower-case scheme and host, no default port, no user information, no fragment, dot segments resolved, unreserved escapes
 * decoded.
 */
export function canonicalUrl(text: string): CanonicalUrl {
  let url: URL;
  try {
    // Decoding before parsing resolves dot segments that were written as escapes.
    url = new URL(decodeUnreserved(text));
  } catch (cause) {
    throw denied(text, 'the target is not an absolute URL', cause);
  }
  const withoutQuery = `${url.protocol}//${url.host}${url.pathname}`;
  return { href: withoutQuery + url.search, withoutQuery };
}

/** The literal parts of a pattern in canonical spelling, so that patterns and targets meet. Source: arcp section 5.3, L-12. */
export function canonicalPattern(capability: string, pattern: string): string {
  if (PATH_CAPABILITIES.has(capability)) {
    const joined = pattern.replaceAll(/\/{2,}/g, '/').replaceAll(/\/(?:\.\/)+/g, '/');
    return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
  }
  if (capability !== URL_CAPABILITY) return pattern;
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/s.exec(pattern);
  if (parts === null) return pattern;
  const scheme = parts[1]!.toLowerCase();
  let host = parts[2]!.toLowerCase().replace(/^.*@/, '');
  if (
    (scheme === 'https' && host.endsWith(':443')) ||
    (scheme === 'http' && host.endsWith(':80'))
  ) {
    host = host.slice(0, host.lastIndexOf(':'));
  }
  const rest = decodeUnreserved(parts[3]!).replace(/#.*$/s, '');
  return `${scheme}://${host}${rest === '' ? '/' : rest}`;
}

function decodeUnreserved(text: string): string {
  return text.replace(UNRESERVED, (encoded) =>
    String.fromCharCode(Number.parseInt(encoded.slice(1), 16)),
  );
}

function denied(target: string, why: string, cause?: unknown): ArcpError {
  return new ArcpError('PERMISSION_DENIED', `target refused: ${why}`, {
    details: { target: target.slice(0, 500) },
    ...(cause === undefined ? {} : { cause }),
  });
}
