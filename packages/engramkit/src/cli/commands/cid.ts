import { resolve } from 'node:path';
import { CONTENT_ID_SCHEMES, type ContentIdScheme, fileContentId } from '@engramkit/ids';
import type { CommandCall, ExitCode } from '../command.js';
import { fileProblem } from '../file-problem.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

/** `engramkit cid <file> --scheme …`: the content id of a JSON document. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { flags, terminal, directory, positionals } = call;
  const [file = ''] = positionals;
  const scheme = schemeOf(flags.text('scheme'));
  const id = await idOf(file, resolve(directory, file), scheme);
  terminal.stdout.write(flags.on('json') ? `${JSON.stringify({ id, scheme })}\n` : `${id}\n`);
  return 0;
}

async function idOf(file: string, path: string, scheme: ContentIdScheme): Promise<string> {
  try {
    return await fileContentId(path, { scheme });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw fileProblem(error, { what: 'the document', file, code: 'FILE_NOT_READABLE' });
  }
}

function schemeOf(text: string | undefined): ContentIdScheme {
  const scheme = CONTENT_ID_SCHEMES.find((name) => name === (text ?? 'python'));
  if (scheme !== undefined) return scheme;
  const meant = suggest(text ?? '', CONTENT_ID_SCHEMES);
  throw new UsageError(`unknown scheme "${text}"`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}There are ${CONTENT_ID_SCHEMES.join(', ')}.`,
  });
}
