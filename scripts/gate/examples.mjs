import { examples, pnpm, refuseIfAny } from '../workspace.mjs';

/** Runs the `example` script of every folder under examples/; each asserts its own result. `env` names the Node by its PATH. */
export async function checkExamples({ env } = {}) {
  const problems = [];
  const times = [];
  for (const { folder, directory, manifest } of examples()) {
    if (!manifest.scripts?.example) {
      problems.push(
        `examples/${folder} has no script "example" that runs it and asserts its result`,
      );
      continue;
    }
    const began = Date.now();
    try {
      await pnpm(['--dir', directory, '--silent', 'run', 'example'], { env, timeoutMs: 120_000 });
      times.push(`${folder} ${((Date.now() - began) / 1000).toFixed(1)} s`);
    } catch (error) {
      problems.push(`examples/${folder}: ${error.message}`);
    }
  }
  if (examples().length === 0) problems.push('There is no example.');
  refuseIfAny(problems);
  return times.join(', ');
}
