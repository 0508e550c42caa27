// Public API of @engramkit/secrets. Named exports only; adding a line here is an API decision.
export type { ExpandSecretsOptions, SecretReadOptions, SecretWarnings } from './expand-secrets.js';
export { expandSecrets } from './expand-secrets.js';
export {
  MAX_SECRET_FILE_BYTES,
  MAX_SECRET_FILES,
  MAX_SECRET_TOTAL_BYTES,
} from './file-secret.js';
export type { Redactor } from './redactor.js';
export { createRedactor } from './redactor.js';
export type { SecretEnvironment } from './secret-descriptors.js';
export { secretDescriptorsFromEnv } from './secret-descriptors.js';
export type { SecretFileInfo, SecretFileSystem } from './secret-file-system.js';
export { nodeSecretFileSystem } from './secret-file-system.js';
export { secretsFromSources } from './secret-sources.js';
export { REDACTED, SecretStore, secretsFromValues, secretValues } from './secret-store.js';
export type { Secrets } from './secrets.js';
