import type { JsonObject } from '@engramkit/core';
import { z } from 'zod';
import {
  type BatchComponent,
  type BatchEngram,
  type ComponentSpec,
  defineBatch,
  defineEngram,
  defineImpulse,
  defineStreaming,
  type ExecutionContext,
  result,
} from './index.js';

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function holds<_Claim extends true>(): void {}

// Everything is inferred from the schemas; config and inputs are what the schema puts out, output is what it takes in.
const full = defineBatch({
  name: 'full',
  config: z.object({ baseUrl: z.string(), retries: z.coerce.number().default(3) }),
  inputs: z.object({ path: z.string(), when: z.string().transform((text) => new Date(text)) }),
  output: z.object({ status: z.enum(['ok', 'bad']), size: z.string().transform(Number) }),
  secrets: ['apiKey', 'user'],
  async init(context) {
    holds<Equal<typeof context.config, { baseUrl: string; retries: number }>>();
    context.secrets.require('apiKey');
    return { connections: 1 };
  },
  async process(inputs, context) {
    holds<Equal<typeof inputs, { path: string; when: Date }>>();
    holds<Equal<typeof context.state, { connections: number }>>();
    holds<Equal<typeof context.config.retries, number>>();
    context.secrets.get('user');
    // @ts-expect-error an undeclared secret does not compile
    context.secrets.get('password');
    context.signal.throwIfAborted();
    return { status: 'ok', size: '12' };
  },
  close(state) {
    holds<Equal<typeof state, { connections: number } | undefined>>();
  },
});
holds<
  Equal<
    typeof full,
    BatchComponent<
      { baseUrl: string; retries: number },
      { path: string; when: Date },
      { status: 'ok' | 'bad'; size: string }
    >
  >
>();
const anyBatch: BatchComponent = full;

// Without schemas: JSON objects in, anything out, no secrets, no state.
defineBatch({
  process(inputs, context) {
    holds<Equal<typeof inputs, JsonObject>>();
    holds<Equal<typeof context.config, JsonObject>>();
    holds<Equal<typeof context.state, undefined>>();
    // @ts-expect-error no secret is declared
    context.secrets.get('apiKey');
    return result([1, 2, 3]);
  },
});

defineBatch({
  output: z.object({ count: z.number() }),
  // @ts-expect-error the output does not fit its schema
  process: () => ({ count: 'three' }),
});
defineBatch({
  output: z.object({ count: z.number() }),
  // @ts-expect-error neither does a wrapped one
  process: async () => result({ total: 3 }),
});
// Literals fit enums at any depth, in lists, alone, sync and async.
defineBatch({
  output: z.object({
    items: z.array(z.object({ state: z.enum(['on', 'off']) })),
    done: z.literal(true),
  }),
  process: async (_inputs, context) => {
    context.logger.info('working');
    return { items: [{ state: 'on' }, { state: 'off' }], done: true };
  },
});
defineBatch({ output: z.enum(['on', 'off']), process: () => 'on' });
defineBatch({ output: z.array(z.enum(['on', 'off'])), process: () => ['on', 'off'] });
defineBatch({
  output: z.object({ state: z.enum(['on', 'off']) }),
  process: () => result({ state: 'on' }),
});
defineBatch({
  output: z.object({ state: z.enum(['on', 'off']) }),
  // @ts-expect-error not one of the two
  process: () => ({ state: 'broken' }),
});
defineBatch({
  output: z.object({ state: z.enum(['on', 'off']) }),
  // @ts-expect-error nothing is not an output
  process: async () => {},
});
interface Report {
  lines: string[];
  total?: number;
}
defineBatch({
  output: z.object({ lines: z.array(z.string()), total: z.number().optional() }),
  async process(): Promise<Report> {
    return { lines: ['a'] };
  },
});

// @ts-expect-error process is required
defineBatch({ name: 'nothing' });
// @ts-expect-error config takes a schema, not a sample
defineBatch({ config: { url: 'https://example.org' }, process: () => ({}) });

const streaming = defineStreaming({
  config: z.object({ language: z.string() }),
  secrets: ['token'],
  init: () => new Map<string, number>(),
  async stream(inbound, out, context) {
    holds<Equal<typeof context.state, Map<string, number>>>();
    holds<Equal<typeof context.config, { language: string }>>();
    // @ts-expect-error an undeclared secret does not compile
    context.secrets.require('other');
    for await (const message of inbound) {
      await out.send({ kind: 'data', payload: message.payload ?? new Uint8Array() });
      message.done();
    }
  },
});

defineImpulse({
  config: z.object({ everyMs: z.number() }),
  async run(client, context) {
    holds<Equal<typeof context.config, { everyMs: number }>>();
    await client.startStory({ at: 1 });
  },
});

defineEngram({ batch: full, streaming });
// @ts-expect-error the modes must be in their places
defineEngram({ batch: streaming, streaming: full });

// The class style, with a checked static spec.
class Greeter implements BatchEngram<{ greeting: string }, { name: string }, { text: string }> {
  static readonly spec = {
    config: z.object({ greeting: z.string() }),
    inputs: z.object({ name: z.string() }),
    output: z.object({ text: z.string() }),
    secrets: ['token'],
  } satisfies ComponentSpec;
  #greeting = '';
  init(config: { greeting: string }): void {
    this.#greeting = config.greeting;
  }
  process(inputs: { name: string }, _context: ExecutionContext) {
    return { text: `${this.#greeting} ${inputs.name}` };
  }
}

// @ts-expect-error secrets is a list
const wrongSpec = { secrets: 'token' } satisfies ComponentSpec;

export { anyBatch, Greeter, wrongSpec };
