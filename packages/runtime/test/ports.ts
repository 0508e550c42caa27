import { systemClock, systemRandom } from '@engramkit/core';
import { emptyStoryInfo, type Logger } from '@engramkit/engram';
import { memoryIdempotencyStore } from '@engramkit/ids';
import { secretsFromValues } from '@engramkit/secrets';
import { effectsOn, type HostPorts, type Invocation, noopTracer } from '../src/index.js';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines. */
export function recordedLogger(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const make = (bindings: Readonly<Record<string, unknown>>): Logger => {
    const at = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      void lines.push({ level, message, fields: { ...bindings, ...fields } });
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => make({ ...bindings, ...fields }),
    };
  };
  return { logger: make({}), lines };
}

/** Ports of a host that has nothing special. */
export function testPorts(
  overrides: Partial<HostPorts> = {},
  secrets: Record<string, string> = {},
): HostPorts {
  const clock = overrides.clock ?? systemClock;
  return {
    clock,
    random: systemRandom,
    logger: recordedLogger().logger,
    tracer: noopTracer,
    secrets: { open: async () => secretsFromValues(secrets) },
    effects: effectsOn({ store: memoryIdempotencyStore(), clock, random: systemRandom }),
    signals: { emit: async () => undefined, async *replay() {} },
    ...overrides,
  };
}

export function testInvocation(overrides: Partial<Invocation> = {}): Invocation {
  return { runId: 'run-1', story: emptyStoryInfo, config: {}, inputs: {}, ...overrides };
}
