import { isIP } from 'node:net';

/** Where to dial, in the words of the gRPC library. */
export interface DialTarget {
  readonly address: string;
  /** Whether the connection is encrypted: everywhere but on this machine. */
  readonly secure: boolean;
}

/**
 * The dial rules: `unix://` paths and loopback hosts in plain text, everything else with TLS.
 *
 * Source: bobrapet-streaming section 2.2.
 */
export function dialTarget(endpoint: string): DialTarget {
  if (endpoint.startsWith('unix://')) {
    return { address: `unix:${endpoint.slice('unix://'.length)}`, secure: false };
  }
  return { address: endpoint, secure: !isLoopback(hostOf(endpoint)) };
}

/** The host without port and brackets. */
function hostOf(endpoint: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(endpoint);
  if (bracketed !== null) return bracketed[1] ?? '';
  const parts = endpoint.split(':');
  return parts.length <= 2 ? (parts[0] ?? '') : '';
}

function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const version = isIP(host);
  if (version === 4) return host.startsWith('127.');
  return version === 6 && /^(?:0{0,4}:)*:?0{0,3}1$/.test(host);
}
