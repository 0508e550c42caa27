// Public API of @engramkit/transport/connector. Named exports only; adding a line here is an API decision.
export type {
  ConnectorFaults,
  LocalConnectorOptions,
  ReceivedControl,
} from './connector/local-connector.js';
export { LocalConnector } from './connector/local-connector.js';
