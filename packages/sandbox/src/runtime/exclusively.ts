import type { RunResult } from '../wire/run-types.js';
import { SandboxError } from '../wire/sandbox-error.js';
import type { Seated } from './session-table.js';

/** One run per session at a time, in the order they came. Source: sandbox section 5.2-3. */
export async function exclusively(
  seated: Seated,
  options: { readonly signal: AbortSignal | undefined; readonly whenBusy: 'queue' | 'refuse' },
  act: (cancelled: AbortSignal) => Promise<RunResult>,
): Promise<RunResult> {
  const { signal, whenBusy } = options;
  if (seated.users > 0 && whenBusy === 'refuse') {
    throw new SandboxError('SESSION_BUSY', 'another run of this session is under way', {
      retry: 'safe',
    });
  }
  seated.users += 1;
  const turn = seated.tail.then(async () => {
    const cancel = new AbortController();
    const onAbort = (): void => cancel.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    seated.running = cancel;
    try {
      return await act(cancel.signal);
    } finally {
      seated.running = undefined;
      signal?.removeEventListener('abort', onAbort);
    }
  });
  seated.tail = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    seated.users -= 1;
  }
}
