import type { GuestTool } from '../engine/protocol.js';
import type { ToolRegistry } from '../tools/tool-registry.js';
import { DISCOVERY_TOOLS } from './discovery.js';

/** The capabilities as programs see them, discovery included. */
export function guestTools(registry: ToolRegistry): readonly GuestTool[] {
  const tools = registry.names().map((name): GuestTool => {
    const awaited = registry.get(name)?.async_mode ?? false;
    return { name, awaited, stub: `${awaited ? 'async ' : ''}def ${name}(*args, **kwargs): ...` };
  });
  return [...DISCOVERY_TOOLS, ...tools];
}
