/** The environment of a process, as it is handed in. */
export type SecretEnvironment = Readonly<Record<string, string | undefined>>;

/** The prefix of the variables that describe secrets. Source: bobrapet-batch section 5.2. */
const DESCRIPTOR_PREFIX = 'BUBU_SECRET_';

/**
 * The secret descriptors in an environment, by logical name.
 *
 * Variables whose rest is empty, ends in `_NAME` or contains `__` describe no secret. Source: bobrapet-batch section 5.2.
 */
export function secretDescriptorsFromEnv(env: SecretEnvironment): Readonly<Record<string, string>> {
  const descriptors: Record<string, string> = {};
  for (const [variable, descriptor] of Object.entries(env)) {
    if (descriptor === undefined || !variable.startsWith(DESCRIPTOR_PREFIX)) continue;
    const logical = variable.slice(DESCRIPTOR_PREFIX.length);
    // The key `__proto__` is among those that contain two underscores.
    if (logical === '' || logical.endsWith('_NAME') || logical.includes('__')) continue;
    descriptors[logical] = descriptor;
  }
  return descriptors;
}
