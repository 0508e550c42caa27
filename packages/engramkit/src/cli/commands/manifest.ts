import type { JsonObject } from '@engramkit/core';
import {
  describeComponent,
  knativeManifest,
  knativeTriggers,
  manifestJson,
  manifestYaml,
} from '@engramkit/descriptor';
import type { CommandCall, ExitCode } from '../command.js';
import { loadForCommand } from '../load-for-command.js';
import { importOptional } from '../optional-package.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';
import { importFrom } from './describe.js';
import { functionsOf } from './function-modules.js';

/** `engramkit manifest <module>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, terminal } = call;
  const target = flags.text('for') ?? 'knative';
  if (target !== 'knative' && target !== 'bobrapet') {
    const meant = suggest(target, ['knative', 'bobrapet']);
    throw new UsageError(`there are no manifests for "${target}"`, {
      hint:
        meant === undefined
          ? 'Write --for knative or --for bobrapet.'
          : `Did you mean --for ${meant}?`,
    });
  }
  const image = flags.text('image');
  if (image === undefined) {
    throw new UsageError('--image is missing', {
      hint: 'Name the container image: --image registry.example/name:tag.',
    });
  }
  if (target === 'bobrapet') return await writeBobrapet(call, image);
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

/** Templates and samples for the operator of stories. */
async function writeBobrapet(call: CommandCall, image: string): Promise<ExitCode> {
  const { positionals, flags, terminal } = call;
  const { bobrapetManifests } = await importOptional(
    '@engramkit/bobrapet',
    () => import('@engramkit/bobrapet'),
    'manifest',
  );
  const manifests: JsonObject[] = [];
  for (const module of positionals) {
    const loaded = await loadForCommand(call, module);
    const description = await describeComponent(loaded.component, {
      module,
      name: loaded.name,
      importModule: importFrom(loaded),
    });
    manifests.push(
      ...bobrapetManifests(description, { image, namespace: flags.text('namespace') }),
    );
  }
  terminal.stdout.write(flags.on('json') ? manifestJson(manifests) : await manifestYaml(manifests));
  return 0;
}
