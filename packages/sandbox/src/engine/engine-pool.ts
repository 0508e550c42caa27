import type { EngineConnection, LanguageEngine } from './engine.js';

/** A connection on loan. */
export interface Lease {
  readonly connection: EngineConnection;
  /** Gives it back; a connection that is dead, or that is said to be, is replaced by a new one. */
  release(options?: { readonly dead?: boolean; readonly image?: string | undefined }): void;
}

interface Seat {
  readonly connection: EngineConnection;
  /** The image whose state the interpreter still holds. */
  image: string | undefined;
}

/** A few interpreters for many sessions: started when needed, kept warm, lent to one run at a time. */
export class EnginePool {
  readonly #engine: LanguageEngine;
  readonly #size: number;
  readonly #idle: Seat[] = [];
  readonly #all = new Set<EngineConnection>();
  readonly #waiting: { give: (seat: Seat) => void; fail: (error: unknown) => void }[] = [];
  #starting = 0;
  #closed = false;

  constructor(engine: LanguageEngine, size: number) {
    this.#engine = engine;
    this.#size = size;
  }

  /** Starts interpreters ahead of use. */
  async warm(count = this.#size): Promise<void> {
    const missing = Math.min(count, this.#size) - this.#all.size - this.#starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#start()));
  }

  /** Waits for an interpreter, the one that holds the image if it is free. Rejects when none can be started. */
  async lend(image: string | undefined): Promise<Lease> {
    const seat = await this.#seat(image);
    const { connection } = seat;
    let given = false;
    return {
      connection,
      release: ({ dead = false, image: held } = {}) => {
        if (given) return;
        given = true;
        connection.onEvent = () => undefined;
        connection.stop(0);
        seat.image = held;
        if (dead || !connection.alive) {
          this.#all.delete(connection);
          void connection.kill();
          if (!this.#closed) this.#replace();
        } else this.#giveBack(seat);
      },
    };
  }

  /** Ends every interpreter. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    for (const { fail } of this.#waiting.splice(0)) fail(new Error('the sandbox is closed'));
    await Promise.all(all.map((connection) => connection.kill()));
  }

  #seat(image: string | undefined): Promise<Seat> {
    const kept = image === undefined ? -1 : this.#idle.findIndex((seat) => seat.image === image);
    const at = kept === -1 ? this.#idle.length - 1 : kept;
    const [seat] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (seat?.connection.alive) return Promise.resolve(seat);
    if (seat !== undefined) {
      this.#all.delete(seat.connection);
      return this.#seat(image);
    }
    return new Promise((give, fail) => {
      this.#waiting.push({ give, fail });
      if (this.#all.size + this.#starting < this.#size) this.#replace();
    });
  }

  /** A new interpreter for whoever waits; its failure is theirs. */
  #replace(): void {
    this.#start().catch((error: unknown) => {
      for (const { fail } of this.#waiting.splice(0)) fail(error);
    });
  }

  async #start(): Promise<void> {
    this.#starting += 1;
    try {
      const connection = await this.#engine.connect();
      if (this.#closed) {
        await connection.kill();
        return;
      }
      this.#all.add(connection);
      this.#giveBack({ connection, image: undefined });
    } finally {
      this.#starting -= 1;
    }
  }

  #giveBack(seat: Seat): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(seat);
    else next.give(seat);
  }
}
