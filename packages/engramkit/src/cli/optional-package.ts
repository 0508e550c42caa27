import { EngramkitError } from '@engramkit/core';

/**
 * Imports a package that only some commands need and that is installed by those who use them.
 *
 * Throws `MISSING_DEPENDENCY` with the command to run when it is not there.
 */
export async function importOptional<Module>(
  name: string,
  load: () => Promise<Module>,
  command: string,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
    const missing = code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(`'${name}'`);
    if (!missing) throw cause;
    throw new EngramkitError(
      `engramkit ${command} needs the package ${name}, which is not installed`,
      {
        code: 'MISSING_DEPENDENCY',
        hint: `Run: npm install ${name}`,
        cause,
      },
    );
  }
}
