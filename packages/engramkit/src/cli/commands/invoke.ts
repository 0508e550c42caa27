import { InvalidInputError, parseJson } from '@engramkit/core';
import type { FunctionResult, GovernedFunction } from '@engramkit/functions';
import type { CommandCall, ExitCode } from '../command.js';
import { readJsonArgument } from '../json-argument.js';
import { importOptional } from '../optional-package.js';
import { suggest } from '../suggestion.js';
import { functionsOf } from './function-modules.js';
import { inLedger } from './serve.js';

/** `engramkit invoke <module> [function]`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, directory, terminal } = call;
  const [module = '', wanted] = positionals;
  const sources = { directory, stdin: process.stdin };
  const given = flags.text('event');
  const event = given === undefined ? {} : await readJsonArgument('--event', given, sources);
  const about = flags.text('context');
  const library = await importOptional(
    '@engramkit/functions',
    () => import('@engramkit/functions'),
    'invoke',
  );
  const context = library.parseFunctionContext(
    about === undefined ? {} : await readJsonArgument('--context', about, sources),
  );
  const chosen = choose(await functionsOf([module], call, library), module, wanted);
  const registry = new library.FunctionRegistry();
  registry.register(chosen);
  await using records = flags.on('no-ledger') ? undefined : await inLedger(call, library);
  const runtime = new library.FunctionRuntime(registry, records?.chronicle);
  const result = await runtime.invoke(chosen.function_id, event, context);
  const shown = { ...parts(result), output_cid: result.outputCid() };
  const { stdout, stderr } = terminal;
  if (flags.on('json')) stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else if (result.success) {
    stdout.write(`${JSON.stringify(shown.data, null, 2)}\n`);
    const lineage = result.lineage_cid === '' ? '' : `, recorded as ${result.lineage_cid}`;
    const took = `${result.duration_ms.toFixed(1)} ms`;
    stderr.write(`${stderr.paint('green', '✓')} ${chosen.function_id} in ${took}${lineage}\n`);
  } else {
    stderr.write(
      `${stderr.paint('red', '✗')} ${chosen.function_id}: ${result.error ?? 'failed'}\n`,
    );
  }
  return result.success ? 0 : 1;
}

/** The members of the wire; data as plain JSON, so that integers beyond 2^53 are an error and never another number. */
function parts(result: FunctionResult) {
  const { success, data, error, lineage_cid, duration_ms, metadata } = result;
  const plain = parseJson(JSON.stringify({ data, metadata }), { what: 'the result' });
  return { success, error, lineage_cid, duration_ms, ...(plain as { readonly data: unknown }) };
}

function choose(
  functions: readonly GovernedFunction[],
  module: string,
  wanted: string | undefined,
): GovernedFunction {
  const ids = functions.map(({ function_id }) => function_id);
  const [only] = functions;
  if (wanted === undefined && functions.length === 1 && only !== undefined) return only;
  const found = functions.find(({ function_id }) => function_id === wanted);
  if (found !== undefined) return found;
  if (wanted === undefined) {
    throw new InvalidInputError(`${module} has several functions: ${ids.join(', ')}`, {
      code: 'EXPORT_AMBIGUOUS',
      hint: `Name one: engramkit invoke ${module} ${ids[0] ?? ''}.`,
    });
  }
  const meant = suggest(wanted, ids);
  throw new InvalidInputError(`${module} has no function ${JSON.stringify(wanted)}`, {
    code: 'EXPORT_NOT_FOUND',
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}It has ${ids.join(', ')}.`,
  });
}
