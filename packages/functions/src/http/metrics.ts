import type { FunctionObserver } from '../runtime-options.js';

const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] as const;

interface FunctionNumbers {
  readonly outcomes: Map<string, number>;
  readonly buckets: number[];
  seconds: number;
  count: number;
  inFlight: number;
}

/** Counts calls, and writes the Prometheus text format. */
export class CallMetrics implements FunctionObserver {
  readonly #functions = new Map<string, FunctionNumbers>();

  started(functionId: string): void {
    this.#of(functionId).inFlight += 1;
  }

  ended({ functionId, result, code }: Parameters<NonNullable<FunctionObserver['ended']>>[0]): void {
    const numbers = this.#of(functionId);
    const outcome = result.success ? 'success' : (code ?? 'failure');
    numbers.outcomes.set(outcome, (numbers.outcomes.get(outcome) ?? 0) + 1);
    if (result.metadata.replayed === true || REFUSALS.has(outcome)) return;
    numbers.inFlight = Math.max(0, numbers.inFlight - 1);
    const seconds = result.duration_ms / 1000;
    numbers.seconds += seconds;
    numbers.count += 1;
    BUCKETS_SECONDS.forEach((limit, index) => {
      if (seconds <= limit) numbers.buckets[index] = (numbers.buckets[index] ?? 0) + 1;
    });
  }

  /** The numbers so far. */
  text(chronicleFailures: number): string {
    const calls: string[] = [];
    const inFlight: string[] = [];
    const durations: string[] = [];
    for (const [id, numbers] of this.#functions) {
      const name = `function="${escaped(id)}"`;
      for (const [outcome, count] of numbers.outcomes) {
        calls.push(
          `engramkit_function_calls_total{${name},outcome="${escaped(outcome)}"} ${count}`,
        );
      }
      inFlight.push(`engramkit_function_in_flight{${name}} ${numbers.inFlight}`);
      const metric = 'engramkit_function_duration_seconds';
      BUCKETS_SECONDS.forEach((limit, index) => {
        durations.push(`${metric}_bucket{${name},le="${limit}"} ${numbers.buckets[index] ?? 0}`);
      });
      durations.push(`${metric}_bucket{${name},le="+Inf"} ${numbers.count}`);
      durations.push(`${metric}_sum{${name}} ${numbers.seconds}`);
      durations.push(`${metric}_count{${name}} ${numbers.count}`);
    }
    return [
      ...family('engramkit_function_calls_total', 'counter', 'Calls by outcome.', calls),
      ...family('engramkit_function_in_flight', 'gauge', 'Handlers that run now.', inFlight),
      ...family('engramkit_function_duration_seconds', 'histogram', 'Time in handlers.', durations),
      ...family('engramkit_chronicle_failures_total', 'counter', 'Events that were not recorded.', [
        `engramkit_chronicle_failures_total ${chronicleFailures}`,
      ]),
      '',
    ].join('\n');
  }

  #of(functionId: string): FunctionNumbers {
    let numbers = this.#functions.get(functionId);
    if (numbers === undefined) {
      const buckets = BUCKETS_SECONDS.map(() => 0);
      numbers = { outcomes: new Map(), buckets, seconds: 0, count: 0, inFlight: 0 };
      this.#functions.set(functionId, numbers);
    }
    return numbers;
  }
}

/** Outcomes of calls whose handler never began. */
const REFUSALS = new Set([
  'GSAP_CONTEXT_REQUIRED',
  'CAPABILITY_DENIED',
  'CHRONICLE_FAILED',
  'EVENT_INVALID',
  'IDEMPOTENCY_KEY_REUSED',
]);

function family(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
