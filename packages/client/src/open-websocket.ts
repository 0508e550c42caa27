import { connectWebSocket, type Transport } from '@engramkit/arcp';
import type { Clock } from '@engramkit/core';

/** Opens a WebSocket with what the platform has; Node 20 has none of its own and gets `ws`, loaded when needed. */
export async function openWebSocket(
  url: string,
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Transport> {
  if ('WebSocket' in globalThis) return await connectWebSocket(url, options);
  const { connectNodeWebSocket } = await import('@engramkit/arcp/node');
  return await connectNodeWebSocket(url, options);
}
