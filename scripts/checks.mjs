// Runs named checks one after another, each with its time; a failure is shown and stops nothing.
import { elapsed, Refusal, root } from './progress.mjs';

/**
 * Runs every `{ name, check }`. What `check` returns is shown as its detail; it gets `options` and `skip(reason)`, for what cannot
 * be done here: it then counts neither as passed nor as failed. Ends with the skips, the failures and the line `N passed, N failed`; gives the exit status.
 */
export async function runChecks(checks, options = {}) {
  const failures = [];
  const skips = [];
  const began = Date.now();
  const say = (text) => process.stdout.write(`${text}\n`);
  for (const { name, check } of checks) {
    const started = Date.now();
    const skipsBefore = skips.length;
    say(`▶ ${name}`);
    try {
      const skip = (reason) => skips.push(`${name}: ${reason}`);
      const detail = await check({ ...options, skip });
      const mark = skips.length > skipsBefore ? '– skipped' : '✓';
      say(`${mark} ${name}${detail ? `: ${detail}` : ''}  ${elapsed(started)}`);
    } catch (error) {
      failures.push(name);
      const message = error instanceof Refusal ? error.message : error.stack;
      say(`✗ ${name}  ${elapsed(started)}\n${message.replace(/^/gm, '    ')}`);
    }
  }
  say('');
  for (const skip of skips) say(`SKIPPED ${skip}`);
  if (failures.length > 0) say(`failed: ${failures.join(', ')}`);
  say(`${elapsed(began)} in ${root}`);
  say(`${checks.length - failures.length - skips.length} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}
