import { ArcpError } from './error.js';

/** An agent as a submit names it: with or without a version. */
export interface AgentReference {
  readonly name: string;
  readonly version?: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const VERSION = /^[a-zA-Z0-9.+_-]+$/;

/** Splits `name` or `name@version` at the first `@`; throws `INVALID_REQUEST`. Source: arcp section 3.1, J-1. */
export function parseAgentReference(text: unknown): AgentReference {
  if (typeof text !== 'string') throw refused(text);
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  if (!NAME.test(name)) throw refused(text);
  if (at < 0) return { name };
  const version = text.slice(at + 1);
  if (!VERSION.test(version)) throw refused(text);
  return { name, version };
}

/** The wire text of a reference. */
export function formatAgentReference(reference: AgentReference): string {
  return reference.version === undefined
    ? reference.name
    : `${reference.name}@${reference.version}`;
}

function refused(text: unknown): ArcpError {
  const shown = typeof text === 'string' ? `"${text.slice(0, 100)}"` : `a ${typeof text}`;
  return new ArcpError('INVALID_REQUEST', `agent must be "name" or "name@version", got ${shown}`, {
    details: { field: 'agent' },
    hint: 'Names are lower case letters, digits, ".", "_" and "-"; versions may also have upper case and "+".',
  });
}
