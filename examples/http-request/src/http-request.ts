import {
  type BatchEngram,
  type ComponentSpec,
  type ExecutionContext,
  type JsonValue,
  parseDuration,
  parseJson,
  type Secrets,
  StructuredError,
} from 'engramkit';
import { Config, Inputs, Output } from './config.js';
import { type Answer, type Exchange, exchange } from './exchange.js';
import { atPath } from './json-path.js';
import { firstPage, nextPage } from './pagination.js';
import { buildExchange, type SecretName } from './request.js';

/** Sends one HTTP request, or one per page, and shapes the answer. */
export default class HttpRequest implements BatchEngram<Config, Inputs, Output> {
  static readonly spec = {
    name: 'http-request',
    version: '1.0.0',
    description: 'Makes an HTTP request to an address.',
    config: Config,
    inputs: Inputs,
    output: Output,
    secrets: ['bearer_token', 'basic_username', 'basic_password', 'custom_header_value'],
  } satisfies ComponentSpec;

  #config = Config.parse({});
  #secrets: Pick<Secrets<SecretName>, 'get'> = { get: () => undefined };
  #timeoutMs = 10_000;

  init(config: Config, secrets: Secrets<SecretName>): void {
    this.#config = config;
    this.#secrets = secrets;
    this.#timeoutMs = Number(parseDuration(config.timeout) / 1_000_000n);
  }

  async process(inputs: Inputs, { logger, signal }: ExecutionContext): Promise<Output> {
    const config = this.#config;
    const { mode, maxPages, resultsPath } = config.pagination;
    const field = config.response.outputFieldName;
    const collected: JsonValue[] = [];
    let state = firstPage(config, inputs);
    for (let page = 1; ; page += 1) {
      const request = buildExchange(config, state.inputs, this.#secrets);
      const output = await this.#send(request, signal);
      if (mode === 'off') return output;
      const body = output[field];
      const results = resultsPath === '' ? body : atPath(body, resultsPath);
      if (!Array.isArray(results)) {
        logger.warn('the page holds no list of results', { page, resultsPath });
        return { ...output, [field]: collected };
      }
      collected.push(...(results as JsonValue[]));
      const next =
        results.length === 0 ? undefined : nextPage(config, state, { url: request.url, body });
      if (next === undefined || page >= maxPages) {
        if (next !== undefined) logger.warn('stopped at the limit of pages', { maxPages });
        logger.info('pages read', { pages: page, results: collected.length });
        return { ...output, [field]: collected };
      }
      state = next;
    }
  }

  async #send(request: Exchange, signal: AbortSignal): Promise<Output> {
    const { redirects, ignoreSSLIssues, neverError } = this.#config;
    let answer: Answer;
    try {
      answer = await exchange(request, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
        maxRedirects: redirects.follow ? redirects.maxRedirects : 0,
        ignoreCertificate: ignoreSSLIssues,
      });
    } catch (error) {
      signal.throwIfAborted();
      const message = `failed to execute http request: ${(error as Error).message}`;
      if (neverError) return { error: { message } };
      throw new Error(message, { cause: error });
    }
    const { statusCode, status } = answer;
    if ((statusCode < 200 || statusCode > 299) && !neverError) throw refused(answer);
    const output = this.#shape(answer);
    return statusCode >= 200 && statusCode <= 299
      ? output
      : { ...output, error: { statusCode, status } };
  }

  #shape({ statusCode, status, headers, body }: Answer): Output {
    const { includeStatus, includeHeaders, outputFieldName } = this.#config.response;
    return {
      ...(includeStatus ? { statusCode, status } : {}),
      ...(includeHeaders ? { headers: { ...headers } } : {}),
      [outputFieldName]: this.#bodyValue(body, headers['Content-Type']),
    };
  }

  #bodyValue(body: Buffer, contentType: string | undefined): JsonValue {
    const { format } = this.#config.response;
    if (format === 'file') {
      return {
        encoding: 'base64',
        data: body.toString('base64'),
        sizeBytes: body.byteLength,
        ...(contentType === undefined ? {} : { contentType }),
      };
    }
    const text = body.toString('utf8');
    if (format === 'text') return text;
    try {
      return parseJson(text, { what: 'the response body' });
    } catch (error) {
      if (format === 'auto' || this.#config.neverError) return text;
      throw new Error('failed to parse response body as JSON', { cause: error });
    }
  }
}

/** What a story sees of an answer that is none: whether to try again is up to the server's status. */
function refused({ statusCode, status, body }: Answer): StructuredError {
  const excerpt = body.toString('utf8').slice(0, 500);
  return new StructuredError(
    'execution_error',
    `http request failed with status ${status}: ${excerpt}`,
    {
      retryable: statusCode === 429 || statusCode >= 500,
      code: `HTTP_${statusCode}`,
      ...(statusCode === 429 ? { exitClass: 'rateLimited' as const } : {}),
    },
  );
}
