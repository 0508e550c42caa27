import type { JsonValue } from '@engramkit/core';
import type { GuestTool } from '../engine/protocol.js';
import type { Settlement } from '../tools/guest-call.js';
import type { ToolRegistry } from '../tools/tool-registry.js';
import { type Capability, capability } from '../wire/capability.js';
import { errorObject } from '../wire/run-types.js';

/** What every program may ask about its surroundings; neither counted nor recorded. Source: sandbox section 5.9. */
const DISCOVERY: readonly Capability[] = [
  capability('current_policy', 'Says what this program may do.'),
  capability('describe_tool', 'Describes the capability of that name.'),
  capability('list_tools', 'Lists everything that can be called.'),
];

/** The tools that answer questions, for the machine: without stub, so that they are not counted. */
export const DISCOVERY_TOOLS: readonly GuestTool[] = DISCOVERY.map(({ name }) => ({
  name,
  awaited: false,
  stub: '',
}));

/** Everything that a program may call, in the order of the names. */
function everything(registry: ToolRegistry): readonly Capability[] {
  return [...registry.capabilities(), ...DISCOVERY].sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

/** The answer of a discovery tool; `undefined` for any other name. */
export function discover(
  call: { readonly id: number; readonly name: string; readonly args: readonly JsonValue[] },
  registry: ToolRegistry,
): Settlement | undefined {
  const { id, name, args } = call;
  const shown = (): JsonValue => everything(registry) as unknown as JsonValue;
  if (name === 'list_tools') return { id, value: shown() };
  if (name === 'current_policy') {
    const policy = {
      default_permissions: 'none',
      filesystem: 'capability_only',
      network: 'capability_only',
      subprocess: 'denied',
      tools: everything(registry).map((tool) => tool.name),
    };
    return { id, value: policy };
  }
  if (name !== 'describe_tool') return undefined;
  const wanted = everything(registry).find((tool) => tool.name === args[0]);
  if (wanted !== undefined) return { id, value: wanted as unknown as JsonValue };
  const message = `there is no capability ${JSON.stringify(args[0] ?? null)}`;
  return { id, error: errorObject('UNKNOWN_TOOL', message, { hint: 'list_tools() shows all.' }) };
}
