/** What `knativeManifest` adds to the compatible form; nothing is added by default. Source: function-descriptor section 5. */
export interface KnativeManifestOptions {
  /** Spelling of the scale annotations: `kebab` is today's, `camel` the compatible one; default `camel`. */
  readonly scaleAnnotations?: 'camel' | 'kebab';
  /** Fewest pods; default 0. */
  readonly minScale?: number;
  /** Most pods; default 10. */
  readonly maxScale?: number;
  /** Adds the label `app.kubernetes.io/version`. */
  readonly versionLabel?: boolean;
  /** Further labels of the Service. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Further annotations of the Service. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** How many requests a pod takes at once; 0 means no limit. */
  readonly containerConcurrency?: number;
  readonly serviceAccountName?: string;
  /** Further variables of the container. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that come from Kubernetes Secrets. */
  readonly secretEnv?: Readonly<Record<string, SecretKey>>;
  /** Quantities such as `{ cpu: '100m', memory: '128Mi' }`. */
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  /** Probes of `/readyz` and `/livez`. */
  readonly probes?: boolean;
  /** The port that the container listens on. */
  readonly port?: number;
  /** A security context that passes the restricted Pod Security Standard. */
  readonly hardened?: boolean;
}

/** One key of a Kubernetes Secret. */
export interface SecretKey {
  readonly secret: string;
  readonly key: string;
}
