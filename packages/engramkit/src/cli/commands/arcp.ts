import type { CommandCall, ExitCode } from '../command.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

const VERBS: Readonly<
  Record<string, () => Promise<(call: CommandCall, subject: string) => Promise<ExitCode>>>
> = {
  submit: async () => (await import('./arcp-submit.js')).submit,
  watch: async () => (await import('./arcp-watch.js')).watch,
  jobs: async () => (await import('./arcp-list.js')).jobs,
  agents: async () => (await import('./arcp-list.js')).agents,
  cancel: async () => (await import('./arcp-watch.js')).cancel,
  doctor: async () => (await import('./arcp-doctor.js')).doctor,
};
/** What each verb is about, if anything. */
const SUBJECTS: Readonly<Record<string, string | undefined>> = {
  submit: 'an agent',
  watch: 'the id of a job',
  cancel: 'the id of a job',
};

/** `engramkit arcp submit | watch | jobs | cancel | agents | doctor`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const [verb = '', subject = ''] = call.positionals;
  const load = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (load === undefined) {
    const meant = suggest(verb, Object.keys(VERBS));
    throw new UsageError(`unknown arcp command "${verb}"`, {
      hint: `${meant === undefined ? '' : `Did you mean "arcp ${meant}"? `}There are ${Object.keys(VERBS).join(', ')}.`,
    });
  }
  const wanted = SUBJECTS[verb];
  if (wanted !== undefined && subject === '') {
    throw new UsageError(`arcp ${verb} needs ${wanted}`, {
      hint: `"${call.program} arcp ${wanted === 'an agent' ? 'agents' : 'jobs'}" lists what there is.`,
    });
  }
  if (wanted === undefined && subject !== '') {
    throw new UsageError(`arcp ${verb} takes no argument, got "${subject}"`, {
      hint: '"engramkit help arcp" lists every flag.',
    });
  }
  return await (await load())(call, subject);
}
