import type { EngineConnection } from './engine.js';
import type { EngineEvent, Machine } from './protocol.js';
import { serveEngine } from './serve-engine.js';

/** An interpreter in this thread: fast, but nothing ends it except its own checks. */
export function connectLocally(machine: Machine): EngineConnection {
  let stopCode = 0;
  let alive = true;
  const connection = {
    onEvent: (_event: EngineEvent): void => undefined,
    post: (request: Parameters<EngineConnection['post']>[0]): void => handle(request),
    stop: (code: number): void => {
      stopCode = code;
    },
    kill: async (): Promise<void> => {
      alive = false;
    },
    get alive(): boolean {
      return alive;
    },
  };
  const handle = serveEngine(machine, {
    post: (event) => connection.onEvent(event),
    stopCode: () => stopCode,
  });
  return connection;
}
