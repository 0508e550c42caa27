import { InvalidInputError } from '@engramkit/core';

/** The error of a message that cannot travel, in either direction. Source: bobrapet-streaming section 4.4. */
export function invalidMessage(text: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(text, {
    code: 'INVALID_STREAM_MESSAGE',
    hint: 'Correct the message where it is made; jsonMessage, audioMessage and their like make valid ones.',
    ...(cause === undefined ? {} : { cause }),
  });
}
