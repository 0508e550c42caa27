/** A control directive between a streaming engram and its connector. Source: bobrapet-streaming section 6. */
export interface ControlDirective {
  readonly type: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
