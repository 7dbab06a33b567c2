import { parseRecord } from './json.js';
import type { ResponseHeaders } from './provenance.js';

/** A response with status 401. */
interface Challenge {
  readonly headers: ResponseHeaders;
}

/** Whether the token lacks claims that continuous access evaluation demands. */
export function isClaimsChallenge({ headers }: Challenge): boolean {
  return /\berror="?insufficient_claims\b/.test(headers.get('www-authenticate') ?? '');
}

/**
 * The claims of a continuous access evaluation challenge, as JSON text.
 *
 * Several challenges may share the header, and quoted values may contain commas, so the header is searched, not split.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function claimsFromChallenge(response: Challenge): string | undefined {
  if (!isClaimsChallenge(response)) return undefined;
  const encoded = /[\s,]claims="?([\w+/=-]+)"?/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
  const claims = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  return parseRecord(claims) === undefined ? undefined : claims;
}
