import {
  knativeManifest,
  knativeTriggers,
  manifestJson,
  manifestYaml,
} from '@engramkit/descriptor';
import type { CommandCall, ExitCode } from '../command.js';
import { importOptional } from '../optional-package.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';
import { functionsOf } from './function-modules.js';

/** `engramkit manifest <module>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal } = call;
  const target = flags.text('for') ?? 'knative';
  if (target !== 'knative') {
    const meant = suggest(target, ['knative']);
    throw new UsageError(`there are no manifests for "${target}"`, {
      hint: meant === undefined ? 'Write --for knative.' : `Did you mean --for ${meant}?`,
    });
  }
  const image = flags.text('image');
  if (image === undefined) {
    throw new UsageError('--image is missing', {
      hint: 'Name the container image: --image registry.example/name:tag.',
    });
  }
  const library = await importOptional(
    '@engramkit/functions',
    () => import('@engramkit/functions'),
    'manifest',
  );
  const registry = new library.FunctionRegistry();
  for (const one of await functionsOf(positionals, call, library)) registry.register(one);
  const namespace = flags.text('namespace') ?? 'default';
  const production = flags.on('production')
    ? ({ probes: true, hardened: true, scaleAnnotations: 'kebab', versionLabel: true } as const)
    : {};
  const manifests = registry
    .entries()
    .flatMap(({ attributes }) => [
      knativeManifest(attributes, image, namespace, production),
      ...(flags.on('triggers') ? knativeTriggers(attributes, namespace) : []),
    ]);
  terminal.stdout.write(flags.on('json') ? manifestJson(manifests) : await manifestYaml(manifests));
  return 0;
}
