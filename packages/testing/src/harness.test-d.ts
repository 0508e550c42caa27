import type { StandardSchemaV1 } from '@engramkit/core';
import {
  type BatchEngram,
  defineBatch,
  defineEngram,
  defineImpulse,
  defineStreaming,
  type StreamingEngram,
} from '@engramkit/engram';
import {
  BatchHarness,
  BatchSuite,
  ImpulseHarness,
  StreamHarness,
  StreamSuite,
  testContext,
} from './index.js';

// Any library's schema will do; these two say only what they take and give.
declare const config: StandardSchemaV1<{ retries?: string }, { retries: number }>;
declare const inputs: StandardSchemaV1<unknown, { name: string }>;
declare const output: StandardSchemaV1<{ size: string }, { size: number }>;

const measure = defineBatch({
  config,
  inputs,
  output,
  process: ({ name }, context) => ({ size: name.repeat(context.config.retries) }),
});

// The harness takes what the engram receives and gives what it returns.
const size: Promise<{ size: string }> = new BatchHarness(measure, {
  config: { retries: 2 },
  inputs: { name: 'Ada' },
}).run();
// @ts-expect-error the config is the decoded one
new BatchHarness(measure, { config: { retries: '2' } });
// @ts-expect-error the inputs do not fit
new BatchHarness(measure, { inputs: { name: 5 } });
// @ts-expect-error no such option
new BatchHarness(measure, { input: { name: 'Ada' } });
// @ts-expect-error a streaming engram needs the other harness
new BatchHarness(defineStreaming({ stream: async () => {} }));

class Doubles implements BatchEngram<unknown, { n: number }, number> {
  process({ n }: { n: number }): number {
    return n * 2;
  }
}
const doubled: Promise<number> = new BatchHarness(Doubles, { inputs: { n: 1 } }).run();
const again: Promise<number> = new BatchHarness(new Doubles(), { inputs: { n: 1 } }).run();
// @ts-expect-error the inputs do not fit
new BatchHarness(Doubles, { inputs: { n: 'one' } });

new BatchSuite({
  engram: measure,
  inputs: { name: 'Ada' },
  validateResult(result) {
    const text: string = result.size;
    return text;
  },
});
// @ts-expect-error the inputs do not fit
new BatchSuite({ engram: measure, inputs: { name: 5 } });
// @ts-expect-error an unknown demand
new BatchSuite({ engram: measure, expectErrors: true });

class Echo implements StreamingEngram<{ loud: boolean }> {
  init(_config: { loud: boolean }): void {}
  async stream(): Promise<void> {}
}
new StreamHarness(Echo, { config: { loud: true } });
// @ts-expect-error the config does not fit
new StreamHarness(Echo, { config: { loud: 'yes' } });
new StreamSuite({
  engram: defineStreaming({ config, stream: async () => {} }),
  config: { retries: 1 },
});

new ImpulseHarness(defineImpulse({ config, run: async () => {} }), {
  config: { retries: 1 },
  stopAfterStarts: 2,
});
// @ts-expect-error the config does not fit
new ImpulseHarness(defineImpulse({ config, run: async () => {} }), { config: { retries: 'one' } });

const both = defineEngram({
  batch: measure,
  streaming: defineStreaming({ config, stream: async () => {} }),
});
new BatchHarness(both, { config: { retries: 1 }, inputs: { name: 'Ada' } });
new StreamHarness(both, { config: { retries: 1 } });
// @ts-expect-error the inputs do not fit
new BatchHarness(both, { inputs: { name: 5 } });

// @ts-expect-error recordings are read only
testContext().recorded.logs = [];

export { again, doubled, size };
