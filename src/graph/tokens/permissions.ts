import type { Logger } from 'pino';
import type { TokenSource } from './token-source.js';

/**
 * The permission that all operations of this service need.
 *
 * @see https://learn.microsoft.com/graph/permissions-reference
 */
export const requiredPermission = 'DeviceManagementScripts.ReadWrite.All';

/**
 * The permission to read whether a change has been approved. Without it, users have to resume jobs that wait for
 * approval.
 */
export const approvalPermission = 'DeviceManagementRBAC.Read.All';

/** How long to wait for the token that is checked at the start. */
const checkTimeoutMs = 60_000;

/**
 * Reads the permissions in a token: its `roles` (application) and `scp` (delegated). The token is not verified: the
 * result is advice, not authorization.
 *
 * @returns `undefined` if the token is not a JWT
 */
export function permissionsIn(token: string): readonly string[] | undefined {
  const payload = payloadOf(token);
  if (payload === undefined) return undefined;
  const { roles, scp = '' } = payload;
  return [...(Array.isArray(roles) ? roles.map(String) : []), ...String(scp).split(' ')].filter(Boolean);
}

/** Reads the resource that a token is for: a URL or an application id. `undefined` if the token is not a JWT. */
export function audienceOf(token: string): string | undefined {
  const audience = payloadOf(token)?.['aud'];
  return typeof audience === 'string' ? audience : undefined;
}

/** Reads when a token expires, in seconds since 1970. `undefined` if the token is not a JWT, or does not say so. */
export function expiryOf(token: string): number | undefined {
  const expiry = payloadOf(token)?.['exp'];
  return typeof expiry === 'number' ? expiry : undefined;
}

function payloadOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null ? { ...payload } : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the service's own token, so that a missing permission is reported before a write fails because of it. */
export async function warnAboutMissingPermission(tokens: TokenSource, log: Logger): Promise<void> {
  const token = await tokens.get({ signal: AbortSignal.timeout(checkTimeoutMs) }).catch(() => undefined);
  const permissions = token === undefined ? undefined : permissionsIn(token);
  if (permissions !== undefined && !permissions.includes(requiredPermission)) {
    log.warn({ missing: requiredPermission, permissions }, 'the Graph token lacks a permission');
  }
}
