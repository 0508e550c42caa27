import {
  ArcpError,
  type Budget,
  Credential,
  type CredentialFields,
  type Lease,
} from '@engramkit/arcp';
import { type Clock, type JsonObject, sleep } from '@engramkit/core';

/** For whom credentials are issued. Source: arcp section 7.1. */
export interface IssueContext {
  readonly jobId: string;
  readonly parentJobId?: string;
  readonly agent: string;
  readonly principal: string;
  readonly lease: Lease;
  readonly expiresAt?: string;
  readonly budget: Budget;
  readonly traceId: string;
  readonly signal: AbortSignal;
}

/** A credential as its provider hands it over. */
export interface IssuedCredential extends CredentialFields {
  /** What revokes it; never secret, survives restarts. */
  readonly handle: string;
}

/** Issues and revokes secrets for jobs. */
export interface CredentialProvisioner {
  issue(context: IssueContext): Promise<readonly IssuedCredential[]>;
  /** Gives a new secret in the place of one; without it credentials cannot be rotated. Source: C-3. */
  rotate?(handle: string, context: { readonly jobId: string }): Promise<IssuedCredential>;
  /** Must do nothing the second time. */
  revoke(handle: string): Promise<void>;
}

/** One credential that is not known to be revoked; holds no secret. */
export interface OutstandingCredential {
  readonly jobId: string;
  readonly credentialId: string;
  readonly handle: string;
  readonly issuedAtMs: number;
}

/** Remembers what must still be revoked, also over a restart. Source: arcp section 7.1. */
export interface CredentialStore {
  /** Whether records survive a restart; without that the feature is not offered. Source: C-7. */
  readonly durable: boolean;
  /** Resolves when the record is safe; recording the same credential twice keeps one record. */
  record(credential: OutstandingCredential): Promise<void>;
  forget(jobId: string, credentialId: string): Promise<void>;
  all(): Promise<readonly OutstandingCredential[]>;
}

/** Keeps the records in this process only: for tests. */
export function memoryCredentialStore(
  options: { readonly durable?: boolean } = {},
): CredentialStore {
  const records = new Map<string, OutstandingCredential>();
  const slot = (jobId: string, credentialId: string): string =>
    JSON.stringify([jobId, credentialId]);
  return {
    durable: options.durable ?? false,
    record: async (credential) =>
      void records.set(slot(credential.jobId, credential.credentialId), credential),
    forget: async (jobId, credentialId) => void records.delete(slot(jobId, credentialId)),
    all: async () => Object.freeze([...records.values()]),
  };
}

/** Source: arcp section 7.1, C-2. */
const REVOKE_TRIES = 5;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Issues for jobs, revokes when they end, and tries again until it worked. Source: arcp section 7.1. */
export class Credentials {
  readonly #provisioner: CredentialProvisioner;
  readonly #store: CredentialStore;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  readonly #onPermanentFailure: (credential: OutstandingCredential, error: unknown) => void;

  constructor(options: {
    readonly provisioner: CredentialProvisioner;
    readonly store: CredentialStore;
    readonly clock: Clock;
    readonly onPermanentFailure?: (credential: OutstandingCredential, error: unknown) => void;
  }) {
    this.#provisioner = options.provisioner;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#onPermanentFailure = options.onPermanentFailure ?? (() => undefined);
  }

  /** Issues for a job, recorded before any value leaves; revokes what was issued when anything fails. */
  async issue(context: IssueContext): Promise<readonly Credential[]> {
    let issued: readonly IssuedCredential[] = [];
    try {
      issued = await this.#provisioner.issue(context);
      for (const credential of issued)
        await this.#store.record(this.#outstanding(context.jobId, credential));
    } catch (cause) {
      for (const credential of issued)
        void this.#revoke(this.#outstanding(context.jobId, credential));
      throw new ArcpError('INTERNAL_ERROR', 'no credential could be issued for the job', {
        cause,
        details: { reason: 'credential_provisioning' },
      });
    }
    return issued.map((credential) => new Credential(credential));
  }

  /** Puts a new secret in the place of one: recorded before it leaves, the old one revoked promptly. Source: C-3. */
  async rotate(jobId: string, credential: Credential): Promise<string> {
    const before = (await this.#store.all()).find(
      (known) => known.jobId === jobId && known.credentialId === credential.id,
    );
    if (before === undefined || this.#provisioner.rotate === undefined) {
      throw new ArcpError('INVALID_REQUEST', `the credential ${credential.id} cannot be rotated`, {
        details: { job_id: jobId },
        hint: 'The provisioner needs a rotate method, and the credential must be in use.',
      });
    }
    const fresh = await this.#provisioner.rotate(before.handle, { jobId });
    await this.#store.record({ ...this.#outstanding(jobId, fresh), credentialId: credential.id });
    credential.rotate(fresh.value);
    if (before.handle !== fresh.handle) void this.#revokeHandle(before);
    return fresh.value;
  }

  /** Revokes everything of a job; goes on in the background until it worked. */
  async revokeJob(jobId: string): Promise<void> {
    const outstanding = (await this.#store.all()).filter(
      (credential) => credential.jobId === jobId,
    );
    await Promise.all(outstanding.map((credential) => this.#revoke(credential)));
  }

  /** Revokes what an earlier process left behind. Source: C-2. */
  async reconcile(): Promise<void> {
    await Promise.all((await this.#store.all()).map((credential) => this.#revoke(credential)));
  }

  /** Stops retrying; what is not revoked stays in the store. */
  close(): void {
    this.#end.abort();
  }

  #revoke(credential: OutstandingCredential): Promise<void> {
    return this.#revokeHandle(credential, () =>
      this.#store.forget(credential.jobId, credential.credentialId),
    );
  }

  async #revokeHandle(
    credential: OutstandingCredential,
    forget: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const { signal } = this.#end;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#provisioner.revoke(credential.handle);
        await forget();
        return;
      } catch (error) {
        if (attempt + 1 >= REVOKE_TRIES) {
          this.#onPermanentFailure(credential, error);
          return;
        }
        try {
          await sleep(Math.min(FIRST_RETRY_MS * 4 ** attempt, LONGEST_RETRY_MS), {
            clock: this.#clock,
            signal,
          });
        } catch {
          return; // Shut down: the store knows what is left for the next start.
        }
      }
    }
  }

  #outstanding(jobId: string, { id, handle }: IssuedCredential): OutstandingCredential {
    return { jobId, credentialId: id, handle, issuedAtMs: this.#clock.now() };
  }
}

/** The wire form of a job's credentials, with their values; only for the submitter. */
export function credentialsToWire(credentials: readonly Credential[]): readonly JsonObject[] {
  return credentials.map((credential) => credential.toWire());
}
