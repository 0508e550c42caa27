import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type ControlRequest,
  ControlRequestSchema,
  type ControlResponse,
  ControlResponseSchema,
} from '../gen/transport/v1/transport_pb.js';

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/**
 * The two calls that are used, for the gRPC library.
 *
 * Data travels as bytes: who sends encodes beforehand, so that what is wrong with a message is heard by its sender.
 * Source: bobrapet-streaming section 1.1.
 */
export const connectorService = {
  data: {
    path: '/transport.v1.TransportConnectorService/Data',
    requestStream: true,
    responseStream: true,
    requestSerialize: bytesAsTheyAre,
    requestDeserialize: bytesAsTheyAre,
    responseSerialize: bytesAsTheyAre,
    responseDeserialize: bytesAsTheyAre,
  },
  control: {
    path: '/transport.v1.TransportConnectorService/Control',
    requestStream: true,
    responseStream: true,
    requestSerialize: (request: ControlRequest) =>
      Buffer.from(toBinary(ControlRequestSchema, request)),
    requestDeserialize: (bytes: Buffer) => fromBinary(ControlRequestSchema, new Uint8Array(bytes)),
    responseSerialize: (response: ControlResponse) =>
      Buffer.from(toBinary(ControlResponseSchema, response)),
    responseDeserialize: (bytes: Buffer) =>
      fromBinary(ControlResponseSchema, new Uint8Array(bytes)),
  },
} as const;

/** A control message from engram to connector. */
export function controlRequest(
  fields: Pick<ControlRequest, 'action'> &
    Partial<Pick<ControlRequest, 'metadata' | 'customAction'>>,
): ControlRequest {
  return create(ControlRequestSchema, fields);
}
