import { InvalidInputError } from '@engramkit/core';

/** The error of bytes that are no message of the transport. */
export function malformedPacket(reason: string): InvalidInputError {
  return new InvalidInputError(`the packet is malformed: ${reason}`, {
    code: 'PACKET_MALFORMED',
    hint: 'Check that both ends speak transport.v1 with protocol version 1.0.0.',
  });
}
