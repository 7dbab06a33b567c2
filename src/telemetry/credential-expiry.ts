import { readClientCertificate } from '../client-certificate.js';
import { expiryOf } from '../graph/tokens/permissions.js';

/** The credentials in use that can tell when they expire. */
export interface Credentials {
  /** The token of `GRAPH_ACCESS_TOKEN`. */
  readonly accessToken?: string | undefined;
  /** The path of a PEM file with the certificate for sign-in. */
  readonly certificatePath?: string | undefined;
}

/**
 * Reads when each credential expires, in seconds since 1970. The value is NaN for a token that is not a JWT or does not
 * expire, and for a file that cannot be read.
 */
export function readCredentialExpiries({ accessToken, certificatePath }: Credentials): ReadonlyMap<string, number> {
  const expiries = new Map<string, number>();
  if (accessToken !== undefined) expiries.set('graph-access-token', expiryOf(accessToken) ?? Number.NaN);
  if (certificatePath !== undefined) expiries.set('oidc-client-certificate', certificateExpiry(certificatePath));
  return expiries;
}

function certificateExpiry(path: string): number {
  try {
    return Date.parse(readClientCertificate(path).certificate.validTo) / 1_000;
  } catch {
    return Number.NaN;
  }
}
