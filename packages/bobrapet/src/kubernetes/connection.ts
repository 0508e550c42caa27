/** What proves to the API server who calls. */
export interface Credential {
  /** `Authorization` header; absent when a certificate or nothing does it. */
  readonly authorization?: string | undefined;
  /** Client certificate and key, PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
}

/** Gives the credential for each request. */
export interface CredentialSource {
  /** `fresh` passes by every cache: the last credential was refused. */
  current(options: {
    readonly fresh: boolean;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Credential>;
}

/** How to reach an API server. */
export interface ClusterConnection {
  /** Origin and path, without a slash at the end. */
  readonly server: string;
  /** Certificate authorities, PEM; absent means those of the platform. */
  readonly ca?: string | undefined;
  /** The name that the server's certificate must bear, when it is not that of the address. */
  readonly serverName?: string | undefined;
  /** Takes any certificate; for development clusters that ask for it. */
  readonly insecure?: boolean | undefined;
  readonly credentials: CredentialSource;
}

/** A credential that never changes. */
export function fixedCredential(credential: Credential): CredentialSource {
  return { current: async () => credential };
}
