import * as z from 'zod';

const Duration = z
  .string()
  .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/, 'a duration such as 10s or 1m30s');

/** How the engram is set up, once per step. */
export const Config = z.object({
  defaultURL: z.string().default('').describe('The address when the inputs have none.'),
  defaultMethod: z.string().default('GET').describe('The method when the inputs have none.'),
  defaultHeaders: z
    .record(z.string(), z.string())
    .default({})
    .describe('Headers below those of the inputs.'),
  auth: z
    .object({
      type: z.enum(['bearer', 'basic', 'customHeader']),
      headerName: z.string().default('').describe('The header of customHeader.'),
    })
    .optional(),
  response: z
    .object({
      includeHeaders: z.boolean().default(true),
      includeStatus: z.boolean().default(true),
      format: z.enum(['auto', 'json', 'text', 'file']).default('auto'),
      outputFieldName: z.string().min(1).default('body'),
    })
    .prefault({}),
  neverError: z.boolean().default(false).describe('Whether any answer counts as success.'),
  timeout: Duration.default('10s').describe('The limit of one exchange.'),
  redirects: z
    .object({
      follow: z.boolean().default(true),
      maxRedirects: z.int().min(0).max(50).default(10),
    })
    .prefault({}),
  ignoreSSLIssues: z.boolean().default(false),
  pagination: z
    .object({
      mode: z.enum(['off', 'nextUrl', 'updateParam']).default('off'),
      resultsPath: z.string().default('').describe('Path to the results, such as $.data.'),
      maxPages: z.int().min(1).default(100),
      nextURLPath: z.string().default('').describe('Path to the next address, same origin only.'),
      updateParam: z
        .object({
          name: z.string().min(1),
          type: z.enum(['page', 'offset', 'cursor']),
          initialValue: z.string().default('1'),
          increment: z.int().default(1),
          cursorPath: z.string().default(''),
        })
        .optional(),
    })
    .prefault({}),
  queryParams: z
    .object({ arrayFormat: z.enum(['noBrackets', 'brackets', 'indices']).default('noBrackets') })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;

/** One request. Whether there is an address at all is decided with the config at hand. */
export const Inputs = z.object({
  url: z.string().optional().describe('The address; default from the config.'),
  method: z.string().optional(),
  params: z.record(z.string(), z.json()).default({}).describe('Query parameters.'),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
});
export type Inputs = z.infer<typeof Inputs>;

/** The answer; the body stands under the configured name. */
export const Output = z.looseObject({
  statusCode: z.int().optional(),
  status: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  error: z.json().optional(),
});
export type Output = z.infer<typeof Output>;
