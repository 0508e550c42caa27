export type { Secrets } from './secrets.js';
