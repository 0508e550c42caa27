import type { LanguageEngine } from '../engine/engine.js';
import { SandboxError } from '../wire/sandbox-error.js';
import type { Language } from '../wire/session-types.js';
import type { RuntimeSettings } from './runtime-options.js';
import type { SessionState } from './session-state.js';
import type { Seated, SessionTable } from './session-table.js';
import { openSnapshot, sealSnapshot } from './snapshot-envelope.js';

/** Seals sessions, opens what was sealed, and finds sessions that are only in the store. */
export class SessionVault {
  readonly #settings: RuntimeSettings;
  readonly #sessions: SessionTable;

  constructor(settings: RuntimeSettings, sessions: SessionTable) {
    this.#settings = settings;
    this.#sessions = sessions;
  }

  seal(state: SessionState): Uint8Array {
    const engine = this.#settings.engines.find(({ language }) => language === state.language);
    return sealSnapshot(state, this.#context(engine));
  }

  /** Throws a `SNAPSHOT_…` error for what was not sealed here, or for other engines and capabilities. */
  open(bytes: Uint8Array, options: { readonly ignoreCapabilities?: boolean } = {}): SessionState {
    let refused: unknown;
    for (const engine of this.#settings.engines) {
      try {
        return openSnapshot(bytes, { ...this.#context(engine), ...options });
      } catch (thrown) {
        refused ??= thrown;
        if (!(thrown instanceof SandboxError) || thrown.code !== 'SNAPSHOT_VERSION_MISMATCH')
          throw thrown;
      }
    }
    throw refused;
  }

  /** The session in use or in the store. Rejects with `SESSION_NOT_FOUND`. */
  async known(id: string): Promise<Seated> {
    const seated = this.#sessions.get(id);
    if (seated !== undefined) return seated;
    const bytes = await this.#settings.store.get(`session/${id}`);
    if (bytes === undefined)
      throw new SandboxError('SESSION_NOT_FOUND', `there is no session '${id}'`);
    const state = this.open(bytes);
    // Two requests may have looked at once: the first one counts.
    return (
      this.#sessions.get(id) ??
      this.#sessions.put({ ...state, lastUsedAt: this.#settings.clock.now() })
    );
  }

  /** The session of a request, made if there is none; one of another language is refused. */
  async seat(id: string, language: Language): Promise<Seated> {
    const seated = await this.known(id).catch((error: unknown) => {
      if (error instanceof SandboxError && error.code === 'SESSION_NOT_FOUND') return undefined;
      throw error;
    });
    const found = seated ?? this.#sessions.get(id);
    if (found === undefined) return this.#sessions.create(id, language, this.#settings.limits);
    if (found.state.language === language) return found;
    throw new SandboxError(
      'INVALID_ARGUMENT',
      `the session '${id}' speaks ${found.state.language}`,
      {
        hint: 'Take another session id for another language.',
      },
    );
  }

  /** Before a consent is acted upon, the store says so: a restart must not act twice. */
  async markStarted({ state }: Seated, approvalId: string): Promise<void> {
    const { paused } = state;
    if (paused === undefined) return;
    const waiting = paused.waiting.map((call) =>
      call.approval_id === approvalId ? { ...call, started: true } : call,
    );
    const marked = { ...state, paused: { ...paused, waiting } };
    await this.#settings.store.put(`session/${state.id}`, this.seal(marked));
  }

  #context(engine: LanguageEngine | undefined) {
    return {
      key: this.#settings.snapshotKey,
      engine: `${engine?.name}@${engine?.version}`,
      capabilityDigest: this.#settings.tools.digest(),
    };
  }
}
