import type { ExecutionContext, Logger } from '../src/index.js';
import { emptyStoryInfo } from '../src/index.js';

const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};

/** The least that author code can be called with; whatever is not given fails when it is used. */
export function bareContext(parts: Partial<ExecutionContext> = {}): ExecutionContext {
  const absent = (): never => {
    throw new Error('this context has no such part');
  };
  return {
    logger: silent,
    get tracer(): never {
      return absent();
    },
    signal: new AbortController().signal,
    story: emptyStoryInfo,
    idempotencyKey: absent,
    templateContext: () => ({}),
    effects: { once: absent, has: absent, record: absent },
    signals: { emit: absent, replay: absent },
    ...parts,
  };
}
