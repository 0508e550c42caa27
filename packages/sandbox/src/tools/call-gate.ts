import type { Clock } from '@engramkit/core';
import type { Capability } from '../wire/capability.js';

/** Lets at most `concurrency` calls of a capability run at once; the others wait in the order they came. */
class Lane {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async enter(most: number, signal: AbortSignal): Promise<() => void> {
    if (this.#running >= most) await this.#turn(signal);
    this.#running += 1;
    return () => this.#leave();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(go);
    });
  }

  #leave(): void {
    this.#running -= 1;
    this.#waiting.shift()?.();
  }
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

const MINUTE_MS = 60_000;

/** What all sessions of a runtime share about their capabilities: who runs, and how often they were called. */
export class CallGate {
  readonly #lanes = new Map<string, Lane>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for a place; the answer gives it back. Rejects with the signal's reason. */
  enter(capability: Capability, signal: AbortSignal): Promise<() => void> {
    let lane = this.#lanes.get(capability.name);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(capability.name, lane);
    }
    return lane.enter(Math.max(1, capability.limits.concurrency), signal);
  }

  /** Takes one call from the minute's share of a session; false when nothing is left. Source: sandbox section 5.4-5. */
  takeRate(sessionId: string, capability: Capability): boolean {
    const most = capability.limits.rate_per_min;
    if (most === null) return true;
    const key = `${sessionId}\n${capability.name}`;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: most, filledAt: now };
    const tokens = Math.min(most, bucket.tokens + ((now - bucket.filledAt) * most) / MINUTE_MS);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, filledAt: now });
    return tokens >= 1;
  }

  /** Forgets what a session has used up. */
  forget(sessionId: string): void {
    for (const key of this.#buckets.keys()) {
      if (key.startsWith(`${sessionId}\n`)) this.#buckets.delete(key);
    }
  }
}
