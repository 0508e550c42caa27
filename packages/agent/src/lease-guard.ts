import { ArcpError, type Budget, type Lease, leaseCovers, wireTime } from '@engramkit/arcp';
import type { Clock } from '@engramkit/core';

/** What a job may do, checked before it is done. Source: arcp section 5.4. */
export interface LeaseGuardOptions {
  readonly lease: Lease;
  readonly budget: Budget;
  readonly expiresAtMs: number | undefined;
  readonly clock: Clock;
  /** Whether models need a grant when the lease does not speak of them. Source: arcp section 5.8, L-61. */
  readonly requireModelUse: boolean;
}

/** Capabilities that cost: they are refused when any counter is used up. Source: arcp section 5.4, L-20. */
const BUDGETED: ReadonlySet<string> = new Set([
  'tool.call',
  'fs.read',
  'fs.write',
  'net.fetch',
  'agent.delegate',
  'model.use',
]);

/** Expiry, then budget, then pattern. */
export class LeaseGuard {
  readonly #options: LeaseGuardOptions;

  constructor(options: LeaseGuardOptions) {
    this.#options = options;
  }

  get expired(): boolean {
    const { expiresAtMs, clock } = this.#options;
    return expiresAtMs !== undefined && clock.now() >= expiresAtMs;
  }

  /** Throws unless the operation is allowed; synchronous, so that nothing slips in between. */
  check(capability: string, target: string): void {
    const { lease, budget, expiresAtMs } = this.#options;
    const details = { capability, target: target.slice(0, 500) };
    if (expiresAtMs !== undefined && this.expired) {
      throw new ArcpError('LEASE_EXPIRED', 'the lease has expired', {
        details: { ...details, expires_at: wireTime(expiresAtMs) },
      });
    }
    const currency = BUDGETED.has(capability) ? budget.exhausted() : undefined;
    if (currency !== undefined) {
      throw new ArcpError('BUDGET_EXHAUSTED', `the budget of ${currency} is used up`, {
        details: { ...details, currency, remaining: budget.toJSON()[currency] ?? 0 },
      });
    }
    if (
      capability === 'model.use' &&
      !Object.hasOwn(lease, capability) &&
      !this.#options.requireModelUse
    )
      return;
    const { allowed, canonical } = leaseCovers(lease, capability, target);
    if (!allowed) {
      throw new ArcpError(
        'PERMISSION_DENIED',
        `the lease does not grant ${capability} for this target`,
        {
          details: { ...details, canonical: canonical.slice(0, 500) },
        },
      );
    }
  }
}
