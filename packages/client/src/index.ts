// Public API of @engramkit/client. Named exports only; adding a line here is an API decision.
export type { ArcpFeature, JobEvent, JobStatus, JobSummary, Lease } from '@engramkit/arcp';
export { ArcpError, arcpFeatures } from '@engramkit/arcp';
export type { BackoffOptions } from './backoff.js';
export { ArcpClient, connect } from './client.js';
export type { ClientEvents, JobFilter, SubscribeOptions } from './client-types.js';
export type { CancelOptions, JobOutcome } from './job-handle.js';
export { JobHandle } from './job-handle.js';
export type { ClientOptions, Compatibility, ReconnectOptions } from './options.js';
export type { SessionInfo } from './session-keeper.js';
export type { SubmitOptions } from './submit-payload.js';
