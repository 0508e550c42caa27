/**
 * Property tests explore: every run on a developer's machine draws other values.
 *
 * Where a change is judged they must not: the same commit has to come out the same way twice. There the seed is fixed;
 * `FAST_CHECK_SEED` names another one, also to repeat a failure.
 */
const { CI, FAST_CHECK_SEED } = process.env;
const JUDGING_SEED = 20_261_120;

const seed = FAST_CHECK_SEED ?? (CI === undefined || CI === '' ? undefined : JUDGING_SEED);
if (seed !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: Number(seed) });
}
