import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { EngramkitError, InvalidInputError, type JsonValue, parseJson } from '@engramkit/core';
import { fileProblem } from './file-problem.js';
import { bytesText } from './layout.js';
import { UsageError } from './usage-error.js';

/** The most bytes that a file or standard input may have: what the JSON parser takes, too. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Above this, a "billion laughs" document of aliases is refused. */
const MOST_ALIASES = 1_000;

/** What {@link readJsonArgument} reads from. */
export interface JsonArgumentSources {
  /** The directory that `@file` starts from. */
  readonly directory: string;
  readonly stdin: AsyncIterable<Uint8Array | string>;
}

/**
 * Reads the value of `--inputs` or `--config`: JSON or YAML text, `@file`, or `-` for standard input.
 *
 * All three may hold JSON or YAML: by the ending of a file's name, otherwise by the first character. Text on the command line
 * counts as YAML when that gives members, such as `who: Ada`. Bounds and refused keys are those of `parseJson`, for YAML as well.
 */
export async function readJsonArgument(
  flag: string,
  value: string,
  sources: JsonArgumentSources,
): Promise<JsonValue> {
  if (value === '-') {
    const text = await collect(sources.stdin, `${flag} from standard input`);
    return await parseDocument(text, `${flag} from standard input`, formByContent(text));
  }
  if (value.startsWith('@')) {
    const file = resolve(sources.directory, value.slice(1));
    const what = `${flag} file ${value.slice(1)}`;
    const text = await readBounded(flag, value.slice(1), file, what);
    return await parseDocument(text, what, formByName(file) ?? formByContent(text));
  }
  try {
    return parseJson(value, { what: flag });
  } catch (error) {
    if (existsSync(resolve(sources.directory, value))) {
      throw new UsageError(`${flag} is the name of a file, not JSON text: ${value}`, {
        code: 'JSON_INVALID',
        hint: `Write ${flag} @${value} to read the file.`,
        cause: error,
      });
    }
    const members = await inlineYaml(flag, value);
    if (members !== undefined) return members;
    throw inlineProblem(flag, error);
  }
}

/** The members that a text on the command line means as YAML; otherwise the JSON parser says what is wrong with it. */
async function inlineYaml(flag: string, value: string): Promise<JsonValue | undefined> {
  const text = Buffer.from(value);
  if (formByContent(text) === 'json') return undefined;
  try {
    const document = await parseYaml(text, flag);
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch (error) {
    // Readable YAML with a refused key is told as such; anything else was hardly meant to be YAML.
    if (error instanceof EngramkitError && error.code !== 'YAML_INVALID') {
      throw inlineProblem(flag, error);
    }
    return undefined;
  }
}

async function readBounded(
  flag: string,
  shown: string,
  file: string,
  what: string,
): Promise<Buffer> {
  if (shown === '') {
    throw new UsageError(`${flag} @ names no file`, {
      code: 'INPUT_FILE_UNREADABLE',
      hint: `Write ${flag} @inputs.json, or ${flag} - for standard input.`,
    });
  }
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) {
      throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    }
    if (stats.size > MOST_BYTES) throw tooLarge(what, stats.size);
    return await collect(createReadStream(file), what);
  } catch (error) {
    if (error instanceof EngramkitError) throw error;
    throw fileProblem(error, {
      what,
      file,
      code: 'INPUT_FILE_UNREADABLE',
    });
  }
}

async function collect(stream: AsyncIterable<Uint8Array | string>, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += part.byteLength;
    if (bytes > MOST_BYTES) throw tooLarge(what, bytes);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

function tooLarge(what: string, bytes: number): InvalidInputError {
  return new InvalidInputError(
    `${what} has at least ${bytesText(bytes)}, but at most ${bytesText(MOST_BYTES)} are taken`,
    {
      code: 'JSON_TOO_LARGE',
      hint: 'Let the component read large data itself, by a path or an address in its inputs.',
    },
  );
}

type Form = 'json' | 'yaml';

function formByName(file: string): Form | undefined {
  const ending = extname(basename(file)).toLowerCase();
  if (ending === '.yaml' || ending === '.yml') return 'yaml';
  return ending === '.json' || ending === '.geojson' ? 'json' : undefined;
}

function formByContent(text: Buffer): Form {
  // Only block YAML is recognised here: what begins like JSON gets the better messages of the JSON parser.
  return /^\uFEFF?\s*(?:[[{"]|-?[0-9]|true\b|false\b|null\b|$)/.test(
    text.subarray(0, 4_096).toString('utf8'),
  )
    ? 'json'
    : 'yaml';
}

async function parseDocument(text: Buffer, what: string, form: Form): Promise<JsonValue> {
  if (form === 'json') return parseJson(text, { what });
  return await parseYaml(text, what);
}

async function parseYaml(text: Buffer, what: string): Promise<JsonValue> {
  const { parseDocument: parseYamlDocument } = await import('yaml');
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch (error) {
    throw new InvalidInputError(`${what} is not valid UTF-8`, {
      code: 'YAML_INVALID',
      hint: 'Save the file as UTF-8.',
      cause: error,
    });
  }
  let plain: string | undefined;
  try {
    const document = parseYamlDocument(source, { prettyErrors: true, logLevel: 'error' });
    const [first] = document.errors;
    if (first !== undefined) throw first;
    // As JSON text, the document meets the same guards as JSON does; cycles through anchors end here.
    plain = JSON.stringify(document.toJS({ maxAliasCount: MOST_ALIASES }) ?? null);
  } catch (error) {
    throw new InvalidInputError(`${what} is not usable YAML`, {
      code: 'YAML_INVALID',
      hint: 'Mend the place that the message names, or write the document as JSON.',
      cause: error,
    });
  }
  return parseJson(plain ?? 'null', { what });
}

/** Text on the command line that is refused makes the command line wrong; what stands in a file does not. */
function inlineProblem(flag: string, thrown: unknown): UsageError {
  const { message, code, hint, details, cause } = EngramkitError.from(thrown);
  return new UsageError(message, {
    code,
    hint:
      hint === undefined || code === 'JSON_INVALID'
        ? `Quote JSON for the shell with single quotes: ${flag} '{"name": "value"}'; or put it into a file: ${flag} @inputs.json.`
        : hint,
    ...(details === undefined ? {} : { details }),
    cause,
  });
}
