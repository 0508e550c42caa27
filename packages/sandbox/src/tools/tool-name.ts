import { SandboxError } from '../wire/sandbox-error.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Words that Python or JavaScript keep for themselves. */
const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield case catch const debugger default delete do enum export extends ' +
    'false function implements instanceof interface let match new null package private protected public static super switch this ' +
    'throw true typeof undefined var void NaN Infinity arguments eval'
  ).split(' '),
);

/** Names that mean something in every program. */
const RESERVED = new Set([
  'result',
  'list_tools',
  'describe_tool',
  'current_policy',
  'globalThis',
  'console',
  'Object',
  'Promise',
  'JSON',
  'Math',
  'Array',
  'print',
  'asyncio',
]);

/** The name as it is, or an `INVALID_TOOL_NAME` error. Source: sandbox section 1.4. */
export function checkToolName(name: string): string {
  if (!NAME.test(name)) {
    throw new SandboxError(
      'INVALID_TOOL_NAME',
      `Capability name '${name}' is not a valid Python identifier.`,
    );
  }
  if (KEYWORDS.has(name) || RESERVED.has(name) || name.startsWith('__')) {
    throw new SandboxError('INVALID_TOOL_NAME', `Capability name '${name}' is reserved.`, {
      hint: 'Take a name that is no keyword of Python or JavaScript, none of the built-in names, and does not begin with "__".',
    });
  }
  return name;
}
