import type { JsonValue } from '@engramkit/core';
import { StructuredError } from '@engramkit/engram';
import type { DocumentGuard } from '@engramkit/runtime';
import { isJsonObject } from '../status/json-object.js';

/** Refuses outputs that the StepRun cannot hold: its schema takes objects only. Source: bobrapet-batch section 3.9. */
export function outputGuard(): DocumentGuard {
  return {
    checkInputs: async () => undefined,
    async checkOutput(output: JsonValue) {
      if (isJsonObject(output)) return;
      const kind = Array.isArray(output) ? 'an array' : `a ${typeof output}`;
      throw new StructuredError(
        'execution_error',
        `the output of a step must be a JSON object; process returned ${kind}`,
        {
          exitClass: 'terminal',
          code: 'OUTPUT_NOT_OBJECT',
          hint: 'Return an object, such as { value: … }.',
        },
      );
    },
  };
}
