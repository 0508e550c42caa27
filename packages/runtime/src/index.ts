// Public API of @engramkit/runtime. Named exports only; adding a line here is an API decision.
export type {
  HostPorts,
  Invocation,
  PayloadStore,
  SecretSource,
  TemplateResolver,
} from './invocation.js';
export type { Outcome, Stage, StageTiming } from './outcome.js';
