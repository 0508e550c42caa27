// Public API of @engramkit/functions. Named exports only; adding a line here is an API decision.

// Writing functions.
export type { BatchFunctionOptions } from './batch-function.js';
export { functionFromBatch } from './batch-function.js';
// Billing.
export type {
  BillableEvent,
  BillingDecision,
  BillingProcessorOptions,
} from './billing/billing-processor.js';
export { BillingProcessor, billId } from './billing/billing-processor.js';
export type { DrainedReceipts, DrainReceiptsOptions, Receipt } from './billing/drain-receipts.js';
export { BILLING_LEDGER_NAME, drainReceipts, readBilledEvents } from './billing/drain-receipts.js';
export type { RateCard } from './billing/rate-card.js';
export { DEFAULT_RATES } from './billing/rate-card.js';
// What happened, recorded.
export type {
  ChronicleClient,
  ChronicleEvent,
  ChronicleReceipt,
  ChronicleSource,
  FunctionEventStep,
} from './chronicle/chronicle-event.js';
export { FUNCTION_EVENTS } from './chronicle/chronicle-event.js';
export { functionProvenance } from './chronicle/function-provenance.js';
export type { LedgerPlace } from './chronicle/ledger-chronicle.js';
export { ledgerChronicle, ledgerSource, readFunctionEvents } from './chronicle/ledger-chronicle.js';
export type { LineageProblem, LineageStep, LineageVerification } from './chronicle/lineage.js';
export { lineage, verifyLineage } from './chronicle/lineage.js';
export type { MemoryChronicle, MemoryChronicleOptions } from './chronicle/memory-chronicle.js';
export { memoryChronicle } from './chronicle/memory-chronicle.js';
export type { DefinedFunction, FunctionDefinition, FunctionHandler } from './define-function.js';
export { defineFunction } from './define-function.js';
export { EchoFunction } from './echo-function.js';
export type { FunctionContext } from './function-context.js';
export { functionContext, parseFunctionContext } from './function-context.js';
// Registering and calling them.
export type { FunctionRegistryOptions, RegisteredFunction } from './function-registry.js';
export { FunctionRegistry } from './function-registry.js';
export type { FunctionResultMembers } from './function-result.js';
export { FunctionResult, failed, isFunctionResult, succeeded } from './function-result.js';
export { FunctionRuntime } from './function-runtime.js';
export type { Governed } from './governed.js';
export { functionsOf, governed } from './governed.js';
export type {
  FunctionCall,
  FunctionSchemas,
  GovernedFunction,
  Principal,
  TraceContext,
} from './governed-function.js';
export { FunctionPlugin } from './governed-function.js';
// Serving them.
export type { FunctionsAppOptions } from './http/app-options.js';
export type { Authenticator } from './http/authentication.js';
export { bearerAuthenticator, sharedTokens } from './http/authentication.js';
export type { Exchange, Reply } from './http/exchange.js';
export type { FunctionsApp } from './http/functions-app.js';
export { createFunctionsApp } from './http/functions-app.js';
export type { NodeListener, NodeListenerOptions } from './http/node-listener.js';
export { nodeListener } from './http/node-listener.js';
export type { FunctionsServer, ServeFunctionsOptions } from './http/serve-functions.js';
export { serveFunctions } from './http/serve-functions.js';
export type {
  CapabilityDecision,
  CapabilityPolicy,
  CapabilityQuestion,
  DispatchedResult,
  DispatchOptions,
  FunctionIdempotency,
  FunctionObserver,
  FunctionRuntimeOptions,
  InvokeOptions,
  ObservedCall,
} from './runtime-options.js';
