import {
  type handleBidiStreamingCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import type { ControlRequest, ControlResponse } from '../gen/transport/v1/transport_pb.js';
import { PROTOCOL_VERSION } from '../link/binding.js';
import { connectorService } from '../link/connector-service.js';
import { TransportError } from '../link/transport-error.js';

/** The Data stream as the connector sees it. */
export type DataCall = ServerDuplexStream<Buffer, Buffer>;
/** The Control stream as the connector sees it. */
export type ControlCall = ServerDuplexStream<ControlRequest, ControlResponse>;

/** What happens on the calls of a server. */
export interface ConnectorHandlers {
  onData(call: DataCall): void;
  onControl(call: ControlCall, bindingReference: string): void;
}

/** The gRPC server of a connector: checks the protocol version, hands the calls over. */
export class ConnectorServer {
  readonly #handlers: ConnectorHandlers;
  readonly #maxBytes: number;
  #server: Server | undefined;

  constructor(handlers: ConnectorHandlers, maxBytes: number) {
    this.#handlers = handlers;
    this.#maxBytes = maxBytes;
  }

  /** Listens; resolves to the port. */
  async listen(port: number): Promise<number> {
    const server = new Server({
      'grpc.max_receive_message_length': this.#maxBytes,
      'grpc.max_send_message_length': this.#maxBytes,
    });
    const service: ServiceDefinition = {
      data: connectorService.data,
      control: connectorService.control,
    };
    const data: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      call.on('error', () => {}); // The end of a call is seen on its events.
      if (accepted(call)) this.#handlers.onData(call);
    };
    const control: handleBidiStreamingCall<ControlRequest, ControlResponse> = (call) => {
      call.on('error', () => {});
      const [reference] = call.metadata.get('bubu.transport.binding');
      if (accepted(call)) this.#handlers.onControl(call, String(reference ?? ''));
    };
    server.addService(service, { data, control });
    this.#server = server;
    return await new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else {
          reject(
            new TransportError(
              `the local connector cannot listen on port ${port}: ${error.message}`,
              {
                code: 'CONNECTOR_LISTEN_FAILED',
                hint: 'Choose another port, or 0 for any that is free.',
                cause: error,
              },
            ),
          );
        }
      });
    });
  }

  /** Ends every connection at once, as a crash does. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }
}

/** Source: bobrapet-streaming section 2.4. */
function accepted(call: DataCall | ControlCall): boolean {
  const [version] = call.metadata.get('bubu-transport-protocol');
  if (version === PROTOCOL_VERSION) {
    call.sendMetadata(new Metadata());
    return true;
  }
  call.emit('error', {
    code: status.FAILED_PRECONDITION,
    details: `transport protocol version ${JSON.stringify(String(version ?? ''))} is not ${PROTOCOL_VERSION}`,
  });
  return false;
}
