import type { Readable, Writable } from 'node:stream';
import { lineTransport } from '@engramkit/arcp';
import type { ArcpRuntime } from '../runtime.js';

/**
 * Serves one session over a pair of streams, as a child process does over its standard input and output.
 *
 * Resolves when the input ends; logs must go elsewhere. Source: arcp section 1.4, T-20 to T-23.
 */
export function serveStdio(
  runtime: ArcpRuntime,
  streams: { readonly input: Readable; readonly output: Writable },
): Promise<void> {
  const transport = lineTransport(streams.input, streams.output);
  return new Promise((resolve) => {
    transport.onClose(() => resolve());
    runtime.accept(transport);
  });
}
