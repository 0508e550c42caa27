import { EventEmitter } from 'eventemitter3';

/** Events by name; each with the listener that it calls. */
type Listeners<Events> = {
  readonly [Name in keyof Events]: (...values: never[]) => void;
};

type Called = (...values: unknown[]) => void;

/**
 * Typed events for live viewers, of something whose work must not depend on them.
 *
 * A listener that throws hurts nobody: its error goes to `listenerError`.
 */
export class EventSource<
  Events extends Listeners<Events> & { listenerError: (error: unknown) => void },
> {
  readonly #emitter = new EventEmitter<string>();

  /** Calls `listener` on every event of that name; returns what stops it. */
  on<Name extends keyof Events & string>(name: Name, listener: Events[Name]): () => void {
    // The emitter calls a listener of this name with the values that `tell` checks against its type.
    const called: Called = (...values) => (listener as unknown as Called)(...values);
    this.#emitter.on(name, called);
    return () => {
      this.#emitter.off(name, called);
    };
  }

  /** Whether anybody listens. */
  has(name: keyof Events & string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /** Tells all listeners; never throws. */
  tell<Name extends keyof Events & string>(name: Name, ...values: Parameters<Events[Name]>): void {
    try {
      this.#emitter.emit(name, ...values);
    } catch (error) {
      if (name === 'listenerError') return; // There is nobody left to tell.
      this.#emitter.emit('listenerError', error);
    }
  }
}
