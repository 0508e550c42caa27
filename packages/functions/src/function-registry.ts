import { InvalidInputError } from '@engramkit/core';
import {
  descriptorId,
  type FunctionAttributes,
  type FunctionDescriptor,
  functionAttributes,
  functionDescriptor,
} from '@engramkit/descriptor';
import type { GovernedFunction } from './governed-function.js';

/** Options of {@link FunctionRegistry}. */
export interface FunctionRegistryOptions {
  /** Whether attributes must make sense, beside having the right types; default `true`. */
  readonly strict?: boolean;
  /** Whether `*` in a trigger event stands for any text; default `false`: every trigger is exact. */
  readonly patterns?: boolean;
}

/** A function as it was registered; later changes of the function's own members do not reach it. */
export interface RegisteredFunction {
  readonly plugin: GovernedFunction;
  readonly attributes: FunctionAttributes;
  readonly descriptor: FunctionDescriptor;
  /** Content id of the descriptor: what the function is replaced by has another one. */
  readonly version: string;
}

interface Entry extends RegisteredFunction {
  readonly order: number;
}

interface Pattern {
  readonly matches: (eventKind: string) => boolean;
  readonly entry: Entry;
}

/** Paths of the HTTP host that stand where a function id could. Source: function-descriptor section 11. */
const RESERVED = new Set(['health', 'dispatch']);
/** Kinds of event whose pattern matches are remembered. */
const REMEMBERED_KINDS = 1000;

/**
 * The functions of a process by id, and by the events that trigger them.
 *
 * Lookups take the same time however many functions there are. Source: function-descriptor section 6.
 */
export class FunctionRegistry {
  readonly #options: FunctionRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #index = new Map<string, Entry[]>();
  readonly #matches = new Map<string, readonly Entry[]>();
  #patterns: Pattern[] = [];
  #orders = 0;

  constructor(options: FunctionRegistryOptions = {}) {
    this.#options = options;
  }

  /** How many functions there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds a function; adding the same object again changes nothing.
   *
   * Throws `FUNCTION_INVALID` for attributes that do not hold, `FUNCTION_EXISTS` when the id is taken and `replace` is not set. A
   * replacement takes the place of the old one; calls that are under way end with the old one.
   */
  register(plugin: GovernedFunction, options: { readonly replace?: boolean } = {}): void {
    const present = this.#entries.get(plugin.function_id);
    if (present?.plugin === plugin && options.replace !== true) return;
    const attributes = functionAttributes(plugin, { strict: this.#options.strict !== false });
    const { function_id: id } = attributes;
    if (typeof plugin.handle !== 'function' || typeof plugin.healthCheck !== 'function') {
      throw invalid(id, 'it lacks handle or healthCheck');
    }
    if (RESERVED.has(id)) throw invalid(id, 'the HTTP host has a route of that name');
    if (present !== undefined && options.replace !== true) {
      throw new InvalidInputError(`there is a function ${JSON.stringify(id)} already`, {
        code: 'FUNCTION_EXISTS',
        hint: 'Give one of the two another function_id, or pass replace: true.',
      });
    }
    if (present !== undefined) this.#unlink(present);
    const descriptor = functionDescriptor(attributes);
    const version = descriptorId(descriptor);
    this.#orders += 1;
    const order = present?.order ?? this.#orders;
    const entry: Entry = { plugin, attributes, descriptor, version, order };
    this.#entries.set(id, entry);
    this.#link(entry);
  }

  /** Removes a function; whether there was one. */
  unregister(functionId: string): boolean {
    const entry = this.#entries.get(functionId);
    if (entry === undefined) return false;
    this.#entries.delete(functionId);
    this.#unlink(entry);
    return true;
  }

  get(functionId: string): GovernedFunction | undefined {
    return this.#entries.get(functionId)?.plugin;
  }

  has(functionId: string): boolean {
    return this.#entries.has(functionId);
  }

  /** A function with what was known of it when it was registered. */
  entry(functionId: string): RegisteredFunction | undefined {
    return this.#entries.get(functionId);
  }

  /** Every function, in order of registration. */
  list(): readonly GovernedFunction[] {
    return [...this.#entries.values()].map(({ plugin }) => plugin);
  }

  /** Every function with what was known of it when it was registered, in that order. */
  entries(): readonly RegisteredFunction[] {
    return [...this.#entries.values()];
  }

  /** The functions that a kind of event triggers: exact triggers first, each group in order of registration. */
  forEvent(eventKind: string): readonly GovernedFunction[] {
    return this.entriesFor(eventKind).map(({ plugin }) => plugin);
  }

  /** {@link forEvent}, with what was known of the functions when they were registered. */
  entriesFor(eventKind: string): readonly RegisteredFunction[] {
    const exact = this.#index.get(eventKind) ?? [];
    if (this.#patterns.length === 0) return exact;
    const remembered = this.#matches.get(eventKind);
    if (remembered !== undefined) return remembered;
    const matching = this.#patterns
      .filter(({ matches }) => matches(eventKind))
      .map(({ entry }) => entry);
    const found = [...new Set([...exact, ...matching])];
    if (this.#matches.size >= REMEMBERED_KINDS) this.#matches.clear();
    this.#matches.set(eventKind, found);
    return found;
  }

  /** A plain copy of the index: function ids by kind of event, kinds sorted. */
  triggerIndex(): Readonly<Record<string, readonly string[]>> {
    const kinds = new Map<string, Entry[]>(this.#index);
    for (const { entry } of this.#patterns) {
      for (const kind of entry.attributes.trigger_events.filter((event) => event.includes('*'))) {
        kinds.set(kind, [...new Set([...(kinds.get(kind) ?? []), entry])]);
      }
    }
    return Object.fromEntries(
      [...kinds]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([kind, entries]) => [kind, entries.map(({ attributes }) => attributes.function_id)]),
    );
  }

  #link(entry: Entry): void {
    for (const kind of new Set(entry.attributes.trigger_events)) {
      if (this.#options.patterns === true && kind.includes('*')) {
        this.#patterns.push({ matches: matcherOf(kind), entry });
        this.#patterns.sort((left, right) => left.entry.order - right.entry.order);
      } else {
        const entries = [...(this.#index.get(kind) ?? []), entry];
        // Only a replacement stands before functions that came later.
        if ((entries.at(-2)?.order ?? 0) > entry.order) entries.sort((a, b) => a.order - b.order);
        this.#index.set(kind, entries);
      }
    }
    this.#matches.clear();
  }

  #unlink(entry: Entry): void {
    for (const kind of new Set(entry.attributes.trigger_events)) {
      const entries = this.#index.get(kind)?.filter((other) => other !== entry) ?? [];
      if (entries.length === 0) this.#index.delete(kind);
      else this.#index.set(kind, entries);
    }
    this.#patterns = this.#patterns.filter((pattern) => pattern.entry !== entry);
    this.#matches.clear();
  }
}

/** Whether a text has the parts between the stars, in order; each part is looked for once, so that no pattern is slow. */
function matcherOf(pattern: string): (text: string) => boolean {
  const parts = pattern.split(/\*+/);
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  const inner = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of inner) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

function invalid(functionId: string, reason: string): InvalidInputError {
  return new InvalidInputError(
    `the function ${JSON.stringify(functionId)} is not valid: ${reason}`,
    {
      code: 'FUNCTION_INVALID',
      details: { problems: [reason] },
      hint: 'Choose another function_id, or derive from FunctionPlugin.',
    },
  );
}
