import { EngramkitError, type JsonObject, type StandardSchemaV1 } from '@engramkit/core';
import type { Secrets } from '@engramkit/secrets';
import {
  type ComponentContext,
  type StatefulContext,
  statefulContext,
} from './component-context.js';
import type { ExecutionContext } from './context.js';

/** The config and inputs of a definition that declares no schema for them: any JSON object. */
export type AnyObjectSchema = StandardSchemaV1<unknown, JsonObject>;

/** The members that every definition shares. */
export interface DefinitionBase<ConfigSchema extends StandardSchemaV1, SecretName extends string> {
  /** Lower-case letters, digits and dashes, at most 63 characters; default: taken from the module's file name. */
  readonly name?: string;
  /** Semantic version; default `0.0.0`. */
  readonly version?: string;
  /** One sentence. */
  readonly description?: string;
  /** Shape of the configuration; without it any JSON object passes. */
  readonly config?: ConfigSchema;
  /** The secret keys that the component reads; `context.secrets` takes no other name. */
  readonly secrets?: readonly SecretName[];
  /**
   * Whether numbers, booleans, lists and durations may arrive as text and the like; default `true`.
   *
   * Source: bobrapet-batch section 2.5.
   */
  readonly weakDecoding?: boolean;
}

interface LifecycleFunctions<Config, SecretName extends string, State> {
  init?(context: ComponentContext<Config, SecretName>): State | Promise<State>;
  close?(state: State | undefined): void | Promise<void>;
}

/** What a defined component keeps between `init` and the end of a run. */
export interface DefinedLifecycle<Config, SecretName extends string, State> {
  init(config: Config, secrets: Secrets, context: ExecutionContext): Promise<void>;
  /** The context for the author; throws `NOT_INITIALIZED` before `init`. */
  contextFor(context: ExecutionContext): StatefulContext<Config, SecretName, State>;
  close(): Promise<void>;
}

/** One run of a definition: calls the author's `init` and `close` and carries config, secrets and state to the work. */
export function definedLifecycle<Config, SecretName extends string, State>(
  definition: LifecycleFunctions<Config, SecretName, State> & {
    readonly secrets?: readonly SecretName[];
  },
): DefinedLifecycle<Config, SecretName, State> {
  let ready:
    | { readonly config: Config; readonly secrets: Secrets<SecretName>; readonly state: State }
    | undefined;
  return {
    async init(config, delivered, context) {
      const secrets = onlyDeclared(delivered, definition.secrets ?? []);
      // The author's `init` makes the state; without one nothing reads it as anything but undefined.
      const state = (await definition.init?.(
        statefulContext(context, config, secrets, undefined),
      )) as State;
      ready = { config, secrets, state };
    },
    contextFor(context) {
      if (ready === undefined) {
        throw new EngramkitError('the component was started before its init was called', {
          code: 'NOT_INITIALIZED',
          hint: 'Call init(config, secrets, context) on the instance first, or use a harness.',
        });
      }
      return statefulContext(context, ready.config, ready.secrets, ready.state);
    },
    async close() {
      await definition.close?.(ready?.state);
    },
  };
}

/** The secrets limited to the declared names, as far as the host's store can limit itself; the types do so in any case. */
function onlyDeclared<SecretName extends string>(
  secrets: Secrets,
  names: readonly SecretName[],
): Secrets<SecretName> {
  const { declare } = secrets as {
    declare?: (names: readonly SecretName[]) => Secrets<SecretName>;
  };
  return typeof declare === 'function' ? declare.call(secrets, names) : secrets;
}
