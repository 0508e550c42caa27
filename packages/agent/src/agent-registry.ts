import {
  type AdvertisedAgent,
  ArcpError,
  formatAgentReference,
  parseAgentReference,
} from '@engramkit/arcp';
import type { AgentDefinition } from './agent-definition.js';

interface Versions {
  readonly byVersion: Map<string, AgentDefinition>;
  unversioned: AgentDefinition | undefined;
  fallback: string | undefined;
}

/** The agents of a runtime by name and version. Source: arcp section 3.7. */
export class AgentRegistry {
  readonly #agents = new Map<string, Versions>();

  /** Registers an agent; throws `INVALID_REQUEST` for bad names and for a second agent of the same name and version. */
  register(definition: AgentDefinition): void {
    const { name, version } = parseAgentReference(formatAgentReference(definition));
    const known = this.#agents.get(name) ?? {
      byVersion: new Map(),
      unversioned: undefined,
      fallback: undefined,
    };
    const taken =
      version === undefined ? known.unversioned !== undefined : known.byVersion.has(version);
    if (taken) {
      throw new ArcpError(
        'INVALID_REQUEST',
        `agent ${formatAgentReference(definition)} is registered twice`,
        {
          hint: 'Give each registration a version of its own.',
        },
      );
    }
    if (version === undefined) known.unversioned = definition;
    else {
      known.byVersion.set(version, definition);
      if (
        definition.isDefault === true ||
        known.fallback === undefined ||
        !this.#hasChosenDefault(known)
      ) {
        known.fallback = version;
      }
    }
    this.#agents.set(name, known);
  }

  /** The agent that a submit means; throws `AGENT_NOT_AVAILABLE` or `AGENT_VERSION_NOT_AVAILABLE`. */
  resolve(reference: string): AgentDefinition {
    const { name, version } = parseAgentReference(reference);
    const known = this.#agents.get(name);
    if (known === undefined)
      throw new ArcpError('AGENT_NOT_AVAILABLE', `no agent is called "${name}"`);
    const found =
      version !== undefined
        ? known.byVersion.get(version)
        : ((known.fallback === undefined ? undefined : known.byVersion.get(known.fallback)) ??
          known.unversioned);
    if (found === undefined) {
      throw new ArcpError(
        'AGENT_VERSION_NOT_AVAILABLE',
        `agent "${name}" has no version "${version}"`,
        {
          details: { versions: [...known.byVersion.keys()] },
        },
      );
    }
    return found;
  }

  /** What a welcome advertises. Source: arcp section 2.3, S-7 and S-8. */
  advertised(): readonly AdvertisedAgent[] {
    return [...this.#agents].map(([name, { byVersion, fallback }]) => ({
      name,
      versions: [...byVersion.keys()],
      ...(fallback === undefined ? {} : { default: fallback }),
    }));
  }

  #hasChosenDefault(known: Versions): boolean {
    return [...known.byVersion.values()].some((definition) => definition.isDefault === true);
  }
}
