import { isDeepStrictEqual } from 'node:util';
import { describeThrown, type JsonValue } from '@engramkit/core';
import {
  type BatchComponent,
  type Component,
  type EngramModes,
  inspectExport,
  type StoryInfo,
} from '@engramkit/engram';
import { type Outcome, runBatch } from '@engramkit/runtime';
import { expandSecrets, type SecretEnvironment } from '@engramkit/secrets';
import { ConformanceError } from './conformance-error.js';
import { seededRandom } from './seeded-random.js';
import { testContext, testStoryInfo } from './test-context.js';

/** One run of a batch engram as a story would ask for it: raw config and inputs, through the whole lifecycle. */
export interface ContractCase {
  /** Names the case in failures. */
  readonly name: string;
  readonly config?: unknown;
  readonly inputs?: unknown;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: SecretEnvironment;
  readonly story?: StoryInfo;
  /** The output as JSON, exactly; without it and `error`, any output will do. */
  readonly output?: JsonValue;
  /** The run must fail with a message that contains the text, or matches the pattern. */
  readonly error?: string | RegExp;
}

/** Options of {@link componentContract}. */
export interface ContractOptions {
  /** Runs of the batch mode. */
  readonly cases?: readonly ContractCase[];
}

/**
 * The one conformance test that every component package has: `await componentContract(component, { cases })`.
 *
 * Demands: hosts recognise the export; it has a name and a version to be published under; it can be created twice, giving two
 * instances; its schemas answer to `{}`, `null` and a text without throwing. Then every case runs through the real lifecycle:
 * decoding, secrets, `init`, `process`, the output schema. Rejects with a `ConformanceError` that lists everything missed.
 */
export async function componentContract(
  exported: unknown,
  options: ContractOptions = {},
): Promise<void> {
  const found = inspectExport(exported);
  if (found.refusal !== undefined) throw new ConformanceError(`the export is ${found.refusal}`);
  const problems: string[] = [];
  for (const component of partsOf(found.component)) {
    problems.push(...specProblems(component), ...instanceProblems(component));
    problems.push(...(await schemaProblems(component)));
  }
  problems.push(...(await caseProblems(found.component, options.cases ?? [])));
  if (problems.length > 0) {
    throw new ConformanceError(`the component breaks its contract:\n- ${problems.join('\n- ')}`);
  }
}

function partsOf(found: Component | EngramModes): readonly Component[] {
  return 'kind' in found ? [found] : [found.batch, found.streaming];
}

function specProblems({ kind, spec }: Component): readonly string[] {
  const missing = (['name', 'version'] as const).filter((member) => spec[member] === undefined);
  return missing.map((member) => `${kind}: the component has no ${member}`);
}

function instanceProblems(component: Component): readonly string[] {
  try {
    const first: unknown = component.create();
    if (typeof first !== 'object' || first === null)
      return [`${component.kind}: create gave nothing`];
    return first === component.create()
      ? [
          `${component.kind}: create gave the same instance twice; export the class, not an instance`,
        ]
      : [];
  } catch (thrown) {
    return [`${component.kind}: create threw: ${describeThrown(thrown)}`];
  }
}

async function schemaProblems({ kind, spec }: Component): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const member of ['config', 'inputs', 'output'] as const) {
    for (const probe of [{}, null, 'text']) {
      try {
        await spec[member]?.['~standard'].validate(probe);
      } catch (thrown) {
        problems.push(`${kind}: the ${member} schema threw: ${describeThrown(thrown)}`);
        break;
      }
    }
  }
  return problems;
}

async function caseProblems(
  found: Component | EngramModes,
  cases: readonly ContractCase[],
): Promise<readonly string[]> {
  const batch = partsOf(found).find((part): part is BatchComponent => part.kind === 'batch');
  if (batch === undefined) {
    return cases.length === 0
      ? []
      : ['cases run the batch mode, which the component does not have'];
  }
  const problems: string[] = [];
  for (const one of cases) {
    const problem = verdict(one, await runCase(batch, one));
    if (problem !== undefined) problems.push(`case ${JSON.stringify(one.name)}: ${problem}`);
  }
  return problems;
}

function runCase(batch: BatchComponent, one: ContractCase): Promise<Outcome> {
  const { story = testStoryInfo, config = {}, inputs = {}, secrets = {}, env = {} } = one;
  const context = testContext({ story });
  return runBatch(
    batch,
    { runId: `contract-${one.name}`, story, config, inputs },
    {
      clock: context.clock,
      random: seededRandom(one.name),
      logger: context.logger,
      tracer: context.tracer,
      effects: context.effects,
      signals: context.signals,
      secrets: { open: ({ signal }) => expandSecrets({ descriptors: secrets, env, signal }) },
    },
  );
}

function verdict(one: ContractCase, outcome: Outcome): string | undefined {
  const message = outcome.failure?.structured.message;
  if (one.error !== undefined) {
    if (message === undefined) return 'it succeeded, but was to fail';
    const fits =
      typeof one.error === 'string' ? message.includes(one.error) : one.error.test(message);
    return fits ? undefined : `it failed with another error: ${message}`;
  }
  if (message !== undefined) return `it failed: ${message}`;
  if (one.output === undefined || isDeepStrictEqual(outcome.output, one.output)) return undefined;
  return `the output is ${JSON.stringify(outcome.output)}, expected ${JSON.stringify(one.output)}`;
}
