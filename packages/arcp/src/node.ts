// @engramkit/arcp/node: the WebSocket of Node, by the `ws` package. Named exports only.
export type { NodeWebSocketOptions } from './transport/websocket-node.js';
export { connectNodeWebSocket, selectSubprotocol } from './transport/websocket-node.js';
