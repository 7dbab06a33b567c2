/** The requirements for a token. */
export interface TokenRequest {
  /** Created only if it is read. */
  readonly signal: AbortSignal;
  /** The claims of a challenge, as JSON text. */
  readonly claims?: string | undefined;
  /** A token that Graph has just rejected: another one is needed. */
  readonly rejectedToken?: string | undefined;
}

/** Provides access tokens. */
export interface TokenSource {
  /** The reason of the error if Graph rejects a second token of this source. */
  readonly rejectionReason: 'CREDENTIAL_UNAVAILABLE' | 'SIGN_IN_REQUIRED';
  /** @throws {CallError} `CREDENTIAL_UNAVAILABLE` if there is no token, or none in time; `SIGN_IN_REQUIRED` */
  get(request: TokenRequest): Promise<string>;
}
