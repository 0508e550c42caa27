import { describeThrown, EngramkitError, InvalidInputError } from '@engramkit/core';
import {
  type Component,
  type ComponentKind,
  type ComponentSpec,
  componentFrom,
  type ExecutionContext,
} from '@engramkit/engram';
import { expandSecrets, type SecretEnvironment, type Secrets } from '@engramkit/secrets';
import type { TestContext, TestContextOptions } from './test-context.js';

/** What every harness takes besides the component. */
export interface HarnessOptions<Config> extends TestContextOptions {
  /** As `init` receives it: decoded, with defaults filled in; default `{}`. */
  readonly config?: Config;
  /** Descriptors by logical name, as in production: `env:<prefix>`, `file:<path>`, or the value itself. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The variables that `env:` descriptors refer to; default none. */
  readonly env?: SecretEnvironment;
}

interface Instance {
  init?(config: unknown, secrets: Secrets, context: ExecutionContext): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** The component of the wanted kind in what a test passed. */
export function componentOfKind<Kind extends ComponentKind>(
  exported: unknown,
  kind: Kind,
): Extract<Component, { readonly kind: Kind }> {
  if (exported === undefined || exported === null) {
    throw new InvalidInputError(`the ${kind} component is missing`, {
      code: 'HARNESS_COMPONENT_MISSING',
      hint: 'Pass a definition, a class or an instance as the first argument.',
    });
  }
  const found = componentFrom(exported);
  const component = 'kind' in found ? found : kind === 'streaming' ? found.streaming : found.batch;
  if (isOfKind(component, kind)) return component;
  throw new InvalidInputError(`this harness runs ${kind} components, but got ${component.kind}`, {
    code: 'HARNESS_KIND_MISMATCH',
    hint: `Use the harness for ${component.kind} components.`,
  });
}

function isOfKind<Kind extends ComponentKind>(
  component: Component,
  kind: Kind,
): component is Extract<Component, { readonly kind: Kind }> {
  return component.kind === kind;
}

/**
 * Expands the secrets, calls `init`, does the work, calls `close`; the first failure wins.
 *
 * Source: bobrapet-batch section 12.1; that a `close` is called is our addition.
 */
export async function withInstance<Made extends Instance, Value>(
  component: { readonly spec: ComponentSpec; create(): Made },
  options: HarnessOptions<unknown>,
  context: TestContext,
  work: (instance: Made) => Promise<Value>,
): Promise<Value> {
  const store = await expandSecrets({
    descriptors: options.secrets ?? {},
    env: options.env ?? {},
    signal: context.signal,
    logger: context.logger,
  });
  const declared = component.spec.secrets;
  const secrets = declared === undefined ? store : store.declare(declared);
  const instance = component.create();
  let value: Value;
  try {
    await instance.init?.(options.config ?? {}, secrets, context);
    value = await work(instance);
  } catch (thrown) {
    try {
      await instance.close?.();
    } catch {
      // The failure of the work is the one to report; a second one on closing would only hide it.
    }
    throw thrown;
  }
  await instance.close?.();
  return value;
}

/** Errors as they are; anything else that was thrown becomes an error that says where. Source: bobrapet-batch section 2.8. */
export function panicOf(label: string, thrown: unknown): unknown {
  if (thrown instanceof Error) return thrown;
  return new EngramkitError(`${label} panicked: ${describeThrown(thrown)}`, {
    code: 'PANICKED',
    cause: thrown,
    hint: 'Throw an Error, so that message and stack are kept.',
  });
}
