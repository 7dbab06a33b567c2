import { z } from 'zod';

const mishaps = ['ok', 'unavailable', 'stall'] as const;
const refreshMishaps = [...mishaps, 'invalid_grant', 'invalid_client'] as const;

/** How the token endpoint answers: `ok` is its ordinary way, `unavailable` a 503, `stall` never an answer. */
export type Mishap = (typeof refreshMishaps)[number];

/** What the identity provider does while nothing is asked of it; its control endpoint changes it at run time. */
export interface IdentitySettings {
  /** How long an access token lasts, in seconds. */
  accessTokenSeconds: number;
  /** How refresh grants are answered. */
  refresh: Mishap;
  /** How code grants are answered. */
  token: Mishap;
}

/** Entra's usual life of an access token, and no mishaps. */
const defaultIdentitySettings = {
  accessTokenSeconds: 3600,
  refresh: 'ok',
  token: 'ok',
} as const satisfies IdentitySettings;

/** A change of some of the settings. */
export const identityPatch = z.strictObject({
  accessTokenSeconds: z.int().min(1).max(86_400).exactOptional(),
  refresh: z.enum(refreshMishaps).exactOptional(),
  token: z.enum(mishaps).exactOptional(),
});

/** How often what was asked of the identity provider since the start or the last reset. */
export interface IdentityCounts {
  /** Refresh grants by an authenticated client, refused ones included. */
  refreshes: number;
  /** Code grants by an authenticated client, refused ones included. */
  codeGrants: number;
  /** Sign-ins by the login page. */
  signIns: number;
}

/** The state that the control endpoints show and change. */
export interface IdentityControl {
  readonly settings: IdentitySettings;
  readonly counts: IdentityCounts;
  /** The settings of the start again, and counts of 0. */
  reset(): void;
}

/** Starts with the default settings and counts of 0. */
export function createIdentityControl(): IdentityControl {
  const settings: IdentitySettings = { ...defaultIdentitySettings };
  const none: Readonly<IdentityCounts> = { refreshes: 0, codeGrants: 0, signIns: 0 };
  const counts: IdentityCounts = { ...none };
  return {
    settings,
    counts,
    reset() {
      Object.assign(settings, defaultIdentitySettings);
      Object.assign(counts, none);
    },
  };
}
