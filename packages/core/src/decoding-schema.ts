import type { JsonObject, JsonValue } from './json-types.js';

/** What weak decoding has to know of one place in a schema, with `$ref` and `allOf` folded in. */
export interface DecodingPlan {
  /** The accepted types apart from null, in the order of the schema; empty when it does not say. */
  readonly types: readonly string[];
  readonly nullable: boolean;
  readonly format: string | undefined;
  readonly properties: ReadonlyMap<string, PlanReference>;
  /** The property for a key in another case, by {@link foldCase}. */
  readonly propertiesByFold: ReadonlyMap<string, string>;
  readonly required: ReadonlySet<string>;
  readonly patterns: readonly (readonly [pattern: RegExp, plan: PlanReference])[];
  /** The plan of keys that are not named; absent when the schema says nothing about them or refuses them. */
  readonly additional: PlanReference | undefined;
  readonly prefixItems: readonly PlanReference[];
  readonly items: PlanReference | undefined;
  /** Each entry is one `anyOf` or `oneOf`. */
  readonly unions: readonly (readonly PlanReference[])[];
  /** The values of `const` and `enum`, as JSON text. */
  readonly allowed: ReadonlySet<string> | undefined;
}

/** A plan that is worked out when data first reaches it, so that recursive schemas end. */
export interface PlanReference {
  plan(): DecodingPlan;
}

type SchemaNode = JsonObject | true;

/** A JSON Schema document, prepared for weak decoding. */
export class DecodingSchema {
  readonly root: PlanReference;
  readonly #document: JsonObject;
  readonly #identities = new Map<SchemaNode, number>();
  readonly #references = new Map<string, PlanReference>();

  constructor(document: JsonObject) {
    this.#document = document;
    this.root = this.#reference([document]);
  }

  /** The same combination of nodes gets the same plan, so that recursion over data makes no new ones. */
  #reference(nodes: readonly SchemaNode[]): PlanReference {
    const identities = nodes.map((node) => {
      const known = this.#identities.get(node) ?? this.#identities.size;
      this.#identities.set(node, known);
      return known;
    });
    const key = [...new Set(identities)].join();
    let reference = this.#references.get(key);
    if (reference === undefined) {
      let plan: DecodingPlan | undefined;
      reference = {
        plan: () => {
          plan ??= this.#compile(nodes);
          return plan;
        },
      };
      this.#references.set(key, reference);
    }
    return reference;
  }

  #compile(nodes: readonly SchemaNode[]): DecodingPlan {
    const parts = this.#flatten(nodes);
    const properties = new Map<string, SchemaNode[]>();
    const patterns = new Map<string, SchemaNode[]>();
    for (const part of parts) {
      collect(properties, part.properties);
      collect(patterns, part.patternProperties);
    }
    const additional = schemasOf(parts, 'additionalProperties');
    const items = schemasOf(parts, 'items');
    const types = typesOf(parts);
    const required = parts.flatMap((part) => stringsOf(part.required));
    return {
      types: types?.filter((type) => type !== 'null') ?? [],
      nullable: (types?.includes('null') ?? false) || parts.some((part) => part.nullable === true),
      format: parts.map((part) => part.format).find((format) => typeof format === 'string'),
      properties: new Map(
        [...properties].map(([name, list]) => [name, this.#reference(list)] as const),
      ),
      propertiesByFold: new Map([...properties.keys()].map((name) => [foldCase(name), name])),
      required: new Set(required),
      patterns: [...patterns].flatMap(([source, list]) => {
        const pattern = compilePattern(source);
        return pattern === undefined ? [] : [[pattern, this.#reference(list)] as const];
      }),
      additional: additional.length === 0 ? undefined : this.#reference(additional),
      prefixItems: listsOf(parts, 'prefixItems')
        .flat()
        .map((node) => this.#reference([node])),
      items: items.length === 0 ? undefined : this.#reference(items),
      unions: [...listsOf(parts, 'anyOf'), ...listsOf(parts, 'oneOf')].map((branches) =>
        branches.map((branch) => this.#reference([branch])),
      ),
      allowed: allowedOf(parts),
    };
  }

  /** The nodes with all that `$ref` and `allOf` add to them; each node once, so that cycles end. */
  #flatten(nodes: readonly SchemaNode[]): readonly JsonObject[] {
    const parts = new Set<JsonObject>();
    const waiting = [...nodes];
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      if (node === true || parts.has(node)) continue;
      parts.add(node);
      const target = this.#resolve(node.$ref);
      if (target !== undefined) waiting.push(target);
      waiting.push(...schemaList(node.allOf));
    }
    return [...parts];
  }

  /** The target of a `$ref` within the document; references to elsewhere say nothing here. */
  #resolve(reference: JsonValue | undefined): SchemaNode | undefined {
    if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
    let at: JsonValue | undefined = this.#document;
    for (const step of pointerSteps(reference.slice(1))) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
      at = (at as JsonObject)[step];
    }
    return asSchema(at);
  }
}

/** A text without regard to case, letter by letter: equal for texts that simple Unicode case folding makes equal. */
export function foldCase(text: string): string {
  let folded = '';
  for (const letter of text) folded += foldLetter(letter);
  return folded;
}

const DOTLESS_I = '\u0131'; // Its capital is the plain I, but it folds to itself only.

function foldLetter(letter: string): string {
  if (letter === DOTLESS_I) return letter;
  const upper = onlyIfOne(letter.toUpperCase(), letter);
  return onlyIfOne(upper.toLowerCase(), upper);
}

/** Letters whose other case is several letters, such as ß, fold to themselves. */
function onlyIfOne(changed: string, letter: string): string {
  return [...changed].length === 1 ? changed : letter;
}

function asSchema(value: JsonValue | undefined): SchemaNode | undefined {
  if (value === true) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

/** The schemas among some values: none or one per value. */
function schemasIn(values: readonly (JsonValue | undefined)[]): readonly SchemaNode[] {
  return values.map(asSchema).filter((schema) => schema !== undefined);
}

function schemaList(value: JsonValue | undefined): readonly SchemaNode[] {
  if (!Array.isArray(value)) return [];
  return schemasIn(value);
}

function schemasOf(parts: readonly JsonObject[], keyword: string): readonly SchemaNode[] {
  return schemasIn(parts.map((part) => part[keyword]));
}

function listsOf(
  parts: readonly JsonObject[],
  keyword: string,
): readonly (readonly SchemaNode[])[] {
  return parts.map((part) => schemaList(part[keyword])).filter((list) => list.length > 0);
}

function collect(into: Map<string, SchemaNode[]>, value: JsonValue | undefined): void {
  const members = asSchema(value);
  if (members === undefined || members === true) return;
  for (const [name, entry] of Object.entries(members)) {
    const schema = asSchema(entry);
    const list = into.get(name) ?? [];
    into.set(name, list);
    list.push(schema ?? true);
  }
}

function typesOf(parts: readonly JsonObject[]): readonly string[] | undefined {
  let types: readonly string[] | undefined;
  for (const part of parts) {
    const own = typeof part.type === 'string' ? [part.type] : stringsOf(part.type);
    if (own.length === 0) continue;
    const before = types;
    types = before === undefined ? own : commonTypes(before, own);
  }
  return types;
}

function commonTypes(left: readonly string[], right: readonly string[]): readonly string[] {
  const both = left.filter((type) => right.includes(type));
  const integer =
    (left.includes('integer') && right.includes('number')) ||
    (left.includes('number') && right.includes('integer'));
  return integer && !both.includes('integer')
    ? [...both.filter((type) => type !== 'number'), 'integer']
    : both;
}

function allowedOf(parts: readonly JsonObject[]): ReadonlySet<string> | undefined {
  for (const part of parts) {
    if (Object.hasOwn(part, 'const')) return new Set([JSON.stringify(part.const)]);
    const list = part.enum;
    if (Array.isArray(list)) return new Set(list.map((entry: JsonValue) => JSON.stringify(entry)));
  }
  return undefined;
}

function stringsOf(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly JsonValue[]).filter((entry) => typeof entry === 'string');
}

function pointerSteps(pointer: string): readonly string[] {
  let decoded = pointer;
  try {
    decoded = decodeURIComponent(pointer);
  } catch {
    // Not percent-encoded after all: take it literally.
  }
  return decoded
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function compilePattern(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined; // The schema library will say that its pattern is wrong.
  }
}
