import { z } from 'zod';

const codeGrantModes = ['ok', 'unavailable', 'stall'] as const;
const refreshModes = [...codeGrantModes, 'invalid_grant', 'invalid_client'] as const;

/** How the token endpoint responds: normally, with a 503, never, or with an OAuth error. */
export type TokenEndpointMode = (typeof refreshModes)[number];

/** The settings that `PATCH /simulator/identity` changes at run time. */
export interface IdentitySettings {
  /** The lifetime of access tokens, in seconds. */
  readonly accessTokenSeconds: number;
  /** The response to refresh grants. */
  readonly refresh: TokenEndpointMode;
  /** The response to authorization code grants. */
  readonly token: TokenEndpointMode;
  /** Claims of the ID tokens of a user, by the user's key: they replace the user's own. */
  readonly claims: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /** The keys of users whose accounts are disabled: every grant for them is an `invalid_grant`. */
  readonly disabled: readonly string[] | undefined;
  /** Members that are left out of the responses of the token endpoint. */
  readonly omit: readonly ('id_token' | 'refresh_token')[] | undefined;
}

/** Entra's usual lifetime of an access token, and normal responses. */
const defaultIdentitySettings = {
  accessTokenSeconds: 3600,
  refresh: 'ok',
  token: 'ok',
  claims: undefined,
  disabled: undefined,
  omit: undefined,
} as const satisfies IdentitySettings;

/** Some of the settings, with their new values. */
export const identityPatch = z.strictObject({
  accessTokenSeconds: z.int().min(1).max(86_400).exactOptional(),
  refresh: z.enum(refreshModes).exactOptional(),
  token: z.enum(codeGrantModes).exactOptional(),
  claims: z.record(z.string(), z.record(z.string(), z.unknown())).exactOptional(),
  disabled: z.array(z.string()).exactOptional(),
  omit: z.array(z.enum(['id_token', 'refresh_token'])).exactOptional(),
});

/** The numbers of requests since the start or the last reset. */
export interface IdentityCounts {
  /** Refresh grants of an authenticated client, failed ones included. */
  refreshes: number;
  /** Authorization code grants of an authenticated client, failed ones included. */
  codeGrants: number;
  /** Sign-ins on the login page. */
  signIns: number;
}

/** The state of the identity provider that the control endpoints show and change. */
export interface IdentityState {
  readonly settings: IdentitySettings;
  readonly counts: IdentityCounts;
  /** Restores the default settings and sets the counts to 0. */
  reset(): void;
}

/** Creates the state with the default settings and counts of 0. */
export function createIdentityState(): IdentityState {
  const settings: IdentitySettings = { ...defaultIdentitySettings };
  const noRequests: Readonly<IdentityCounts> = { refreshes: 0, codeGrants: 0, signIns: 0 };
  const counts: IdentityCounts = { ...noRequests };
  return {
    settings,
    counts,
    reset() {
      Object.assign(settings, defaultIdentitySettings);
      Object.assign(counts, noRequests);
    },
  };
}
