declare const unproducible: unique symbol;

/**
 * No value has this type. As a member of an expected type it keeps `'ok'` from widening to `string` while the rest is still
 * being inferred, so that literals fit enums and unions of the output schema without `as const`.
 */
export type KeepLiterals = LiteralTree & { readonly [unproducible]: true };
type LiteralTree = '' | 0 | false | { readonly [key: string]: LiteralTree };

/** {@link KeepLiterals} until the schema is inferred, and then nothing: so it never shows up in the compiler's messages. */
export type LiteralsWhileInferred<Schema> = Schema extends object ? never : KeepLiterals;
