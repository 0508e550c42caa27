import { resolve } from 'node:path';
import { CONTENT_ID_SCHEMES, type ContentIdScheme, fileContentId } from '@engramkit/ids';
import type { CommandCall, ExitCode } from '../command.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

/** `engramkit cid <file> --scheme …`: the content id of a document, `-` for standard input. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { flags, terminal, directory, positionals } = call;
  const [file = ''] = positionals;
  const scheme = schemeOf(flags.text('scheme'));
  const source = file === '-' ? process.stdin : resolve(directory, file);
  const id = await fileContentId(source, { scheme });
  terminal.stdout.write(flags.on('json') ? `${JSON.stringify({ id, scheme })}\n` : `${id}\n`);
  return 0;
}

function schemeOf(text: string | undefined): ContentIdScheme {
  const scheme = CONTENT_ID_SCHEMES.find((name) => name === (text ?? 'python'));
  if (scheme !== undefined) return scheme;
  const meant = suggest(text ?? '', CONTENT_ID_SCHEMES);
  throw new UsageError(`unknown scheme "${text}"`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}There are ${CONTENT_ID_SCHEMES.join(', ')}.`,
  });
}
