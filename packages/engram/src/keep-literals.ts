declare const unproducible: unique symbol;

/**
 * No value has this type. As a member of a return type it keeps `'ok'` from widening to `string` while the schemas are still
 * being inferred, so that literals fit enums and unions of the output schema without `as const`.
 */
export type KeepLiterals = LiteralTree & { readonly [unproducible]: true };
type LiteralTree = '' | 0 | false | { readonly [key: string]: LiteralTree };
