/**
 * The secrets of one run, by key; typed by the names that the component declares.
 *
 * No rendering of the object shows a value. Asking for a key that the component did not declare throws `SECRET_NOT_DECLARED`
 * where the host knows the declared names. Source: bobrapet-batch section 5.4.
 */
export interface Secrets<Name extends string = string> {
  /** The value, or `undefined` when no descriptor delivered the key. */
  get(name: Name): string | undefined;
  /**
   * The value; throws `SECRET_NOT_FOUND` with a hint when no descriptor delivered the key, and `SECRET_EMPTY` when the delivered
   * text is empty.
   */
  require(name: Name): string;
  /** Whether the key was delivered. */
  has(name: Name): boolean;
  /** The delivered keys, sorted. */
  names(): readonly string[];
  /** The values of the named keys; missing keys are left out. */
  select<Chosen extends Name>(
    ...names: readonly Chosen[]
  ): Readonly<Partial<Record<Chosen, string>>>;
  /** Every delivered key, each with the text `[REDACTED]`. */
  getAll(): Readonly<Record<string, string>>;
}
