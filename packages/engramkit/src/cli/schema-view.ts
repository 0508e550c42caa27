import type { JsonObject, JsonValue } from '@engramkit/core';
import { printable } from './layout.js';
import type { Output } from './terminal.js';

const DEEPEST = 4;
const MOST_LINES = 80;

/**
 * The members of a JSON Schema for people: one line each with name, type, default and description; nested objects indented.
 *
 * Shows the common part of the language; `--json` has the whole schema.
 */
export function schemaLines(schema: JsonObject, output: Pick<Output, 'paint'>): string[] {
  const lines = membersOf(schema, output, 0);
  if (lines.length === 0) return [typeText(schema)];
  if (lines.length <= MOST_LINES) return lines;
  return [
    ...lines.slice(0, MOST_LINES),
    output.paint('dim', `… ${lines.length - MOST_LINES} more lines`),
  ];
}

function membersOf(schema: JsonObject, output: Pick<Output, 'paint'>, depth: number): string[] {
  const { properties } = schema;
  if (!isObject(properties) || depth >= DEEPEST) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const entries = Object.entries(properties).filter((entry): entry is [string, JsonObject] =>
    isObject(entry[1]),
  );
  const widest = Math.min(24, Math.max(0, ...entries.map(([name]) => name.length + 1)));
  return entries.flatMap(([name, member]) => {
    const optional = !required.includes(name);
    const label = printable(`${name}${optional ? '?' : ''}`).padEnd(widest);
    const facts = [
      typeText(member),
      ...(member.default === undefined
        ? []
        : [output.paint('dim', `default ${short(member.default)}`)]),
      ...(typeof member.description === 'string'
        ? [output.paint('dim', printable(member.description))]
        : []),
    ];
    const inner = isObject(member.items) ? member.items : member;
    return [
      `${'  '.repeat(depth)}${output.paint('cyan', label)}  ${facts.join('  ')}`,
      ...membersOf(inner, output, depth + 1),
    ];
  });
}

function typeText(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(short).join(' | ');
  if (schema.const !== undefined) return short(schema.const);
  for (const key of ['anyOf', 'oneOf'] as const) {
    const options = schema[key];
    if (Array.isArray(options)) {
      const texts = options.filter(isObject).map(typeText);
      return [...new Set(texts)].slice(0, 6).join(' | ');
    }
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : schema.type;
  if (type === 'array') {
    return isObject(schema.items) ? `list of ${typeText(schema.items)}` : 'list';
  }
  const named = typeof type === 'string' ? type : 'anything';
  const format = typeof schema.format === 'string' ? ` (${schema.format})` : '';
  return `${named}${format}${rangeText(schema)}`;
}

function rangeText({ minimum, maximum }: JsonObject): string {
  const least = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER;
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER;
  if (least && most) return ` ${minimum} to ${maximum}`;
  if (least) return ` from ${minimum}`;
  return most ? ` up to ${maximum}` : '';
}

function short(value: JsonValue): string {
  const text = printable(JSON.stringify(value));
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
