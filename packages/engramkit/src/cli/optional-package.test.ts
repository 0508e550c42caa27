import { describe, expect, it } from 'vitest';
import { importOptional } from './optional-package.js';

describe('a package that only some commands need', () => {
  it('is imported when it is there', async () => {
    expect(await importOptional('x', async () => 5, 'run')).toBe(5);
  });

  it('is named with the command that installs it when it is missing', async () => {
    const missing = Object.assign(
      new Error("Cannot find package '@engramkit/agent' imported from /a.js"),
      {
        code: 'ERR_MODULE_NOT_FOUND',
      },
    );
    await expect(
      importOptional('@engramkit/agent', () => Promise.reject(missing), 'agent serve'),
    ).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      hint: 'Run: npm install @engramkit/agent',
    });
  });

  it('that is there but broken, or lacks something itself, fails as what it is', async () => {
    const other = Object.assign(new Error("Cannot find package 'ws' imported from /a.js"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(importOptional('@engramkit/agent', () => Promise.reject(other), 'x')).rejects.toBe(
      other,
    );
  });
});
