// Public API of @engramkit/client/functions. Named exports only; adding a line here is an API decision.
export type {
  CallOptions,
  FunctionCatalogue,
  FunctionOutcome,
  FunctionsClientOptions,
  FunctionsContract,
  FunctionTypes,
  LineageAnswer,
} from './functions-client.js';
export { FunctionsClient } from './functions-client.js';
export { FunctionsHttpError } from './functions-http-error.js';
