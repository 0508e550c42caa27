import type { EnginePool } from '../engine/engine-pool.js';
import type { ToolRegistry } from '../tools/tool-registry.js';
import { isErrorCode, statusOfCode } from '../wire/error-codes.js';
import {
  type Diagnostic,
  errorObject,
  errorResult,
  okResult,
  type RunRequest,
  type RunResult,
} from '../wire/run-types.js';
import { SandboxError } from '../wire/sandbox-error.js';
import { guestTools } from './guest-tools.js';

/** Everything that can be said about a program without running it. Source: sandbox section 5.8. */
export async function validateProgram(
  request: RunRequest,
  image: Uint8Array | undefined,
  pool: EnginePool,
  registry: ToolRegistry,
): Promise<RunResult> {
  const lease = await pool.lend(undefined);
  const { connection } = lease;
  let dead = true;
  try {
    const findings = await new Promise<readonly Diagnostic[]>((resolve, reject) => {
      connection.onEvent = (event) => {
        if (event.type === 'findings') resolve(event.diagnostics);
        else if (event.type === 'broken')
          reject(new SandboxError('RUNTIME_ERROR', event.error.message));
      };
      const { code } = request;
      const inputsText = JSON.stringify(request.inputs);
      connection.post({ type: 'validate', code, tools: guestTools(registry), image, inputsText });
    });
    connection.post({ type: 'rest', imageId: undefined });
    dead = false;
    const first = findings.find(({ severity }) => severity === 'error');
    if (first === undefined) return { ...okResult(null), diagnostics: findings };
    const status = isErrorCode(first.code) ? statusOfCode(first.code) : 'validation_error';
    return {
      ...errorResult(status, errorObject(first.code, first.message, first)),
      diagnostics: findings,
    };
  } finally {
    lease.release({ dead });
  }
}
