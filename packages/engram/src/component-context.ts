import type { Secrets } from '@engramkit/secrets';
import type { ExecutionContext } from './context.js';

/** The context of a definition: where the code runs, and the config and secrets that it declared. */
export interface ComponentContext<Config, SecretName extends string> extends ExecutionContext {
  /** The configuration, decoded by the config schema; a JSON object when there is none. */
  readonly config: Config;
  /** The secrets; only declared names compile. */
  readonly secrets: Secrets<SecretName>;
}

/** The context of a definition after `init`. */
export interface StatefulContext<Config, SecretName extends string, State>
  extends ComponentContext<Config, SecretName> {
  /** What `init` returned; `undefined` without `init`. */
  readonly state: State;
}

/** Adds config, secrets and state to the context of a host; reads through, so that nothing is copied or started early. */
export function statefulContext<Config, SecretName extends string, State>(
  base: ExecutionContext,
  config: Config,
  secrets: Secrets<SecretName>,
  state: State,
): StatefulContext<Config, SecretName, State> {
  const { deadlineMs } = base;
  return {
    config,
    secrets,
    state,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    get logger() {
      return base.logger;
    },
    get tracer() {
      return base.tracer;
    },
    get signal() {
      return base.signal;
    },
    get story() {
      return base.story;
    },
    get effects() {
      return base.effects;
    },
    get signals() {
      return base.signals;
    },
    idempotencyKey: () => base.idempotencyKey(),
    templateContext: () => base.templateContext(),
  };
}
