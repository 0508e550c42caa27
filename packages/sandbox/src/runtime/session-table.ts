import { SandboxError } from '../wire/sandbox-error.js';
import type { Language, SessionLimits, SessionMeta } from '../wire/session-types.js';
import { SNAPSHOT_VERSION } from '../wire/session-types.js';
import type { RuntimeSettings } from './runtime-options.js';
import type { SessionState } from './session-state.js';

/** A session and who uses it. */
export interface Seated {
  readonly state: SessionState;
  /** Settles when the session is free. */
  tail: Promise<unknown>;
  /** Runs that use it or wait for it. */
  users: number;
  /** Cancels the run that uses it. */
  running: AbortController | undefined;
}

/** The sessions of a runtime by id, with expiry and eviction. */
export class SessionTable {
  readonly #settings: RuntimeSettings;
  readonly #sessions = new Map<string, Seated>();

  constructor(settings: RuntimeSettings) {
    this.#settings = settings;
  }

  get(id: string): Seated | undefined {
    const found = this.#sessions.get(id);
    if (found === undefined || !this.#expired(found)) return found;
    this.#sessions.delete(id);
    return undefined;
  }

  /** A new session; makes room for it first. */
  create(id: string, language: Language, limits: SessionLimits): Seated {
    const now = this.#settings.clock.now();
    const { deterministic, random } = this.#settings;
    return this.put({
      id,
      language,
      limits,
      createdAt: now,
      lastUsedAt: now,
      image: undefined,
      imageId: undefined,
      paused: undefined,
      before: undefined,
      codeDigests: [],
      seed: deterministic?.seed ?? Math.floor(random.float() * 2 ** 31),
    });
  }

  put(state: SessionState): Seated {
    this.#makeRoom();
    const seated: Seated = { state, tail: Promise.resolve(), users: 0, running: undefined };
    this.#sessions.set(state.id, seated);
    return seated;
  }

  remove(id: string): boolean {
    return this.#sessions.delete(id);
  }

  /** Sorted by id. */
  list(): readonly SessionMeta[] {
    for (const [id, seated] of this.#sessions) if (this.#expired(seated)) this.#sessions.delete(id);
    return [...this.#sessions.values()]
      .map(({ state }) => metaOf(state))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  #expired({ state, users }: Seated): boolean {
    const { idleTtlMs, clock } = this.#settings;
    return idleTtlMs !== null && users === 0 && clock.now() - state.lastUsedAt > idleTtlMs;
  }

  /** Drops the least recently used sessions that nobody uses; a session that waits for approval is also in the store. */
  #makeRoom(): void {
    while (this.#sessions.size >= this.#settings.maxSessions) {
      let oldest: Seated | undefined;
      for (const seated of this.#sessions.values()) {
        if (seated.users > 0) continue;
        if (oldest === undefined || seated.state.lastUsedAt < oldest.state.lastUsedAt)
          oldest = seated;
      }
      if (oldest === undefined) {
        throw new SandboxError('SESSION_BUSY', `all ${this.#sessions.size} sessions are in use`, {
          retry: 'rate-limited',
          hint: 'Destroy sessions, or raise maxSessions.',
        });
      }
      this.#sessions.delete(oldest.state.id);
    }
  }
}

/** The facts of a session as the wire has them. */
export function metaOf(state: SessionState): SessionMeta {
  return {
    id: state.id,
    created_at: state.createdAt,
    last_used_at: state.lastUsedAt,
    language: state.language,
    limits: state.limits,
    snapshot_version: SNAPSHOT_VERSION,
  };
}
