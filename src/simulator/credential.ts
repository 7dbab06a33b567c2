import type { AccessToken, TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { approvalScopes, writeScopes } from './graph/token-registry.js';

const issuedToken = z.object({ token: z.string(), expiresOnTimestamp: z.number() });

// Microsoft's credentials also replace a cached token shortly before it expires.
const refreshBeforeExpiryMs = 60_000;

/** All permissions that the service can use. */
const grantedPermissions = [writeScopes[0], approvalScopes[0]];

/**
 * Creates a credential that requests tokens from a simulator over HTTP. Like Microsoft's credentials, it caches a token
 * and requests a new one before the expiry only if called with claims: a client that drops the claims of a challenge
 * gets the challenged token again.
 */
export function createSimulatorCredential(url: string): TokenCredential {
  let cached: AccessToken | undefined;
  return {
    async getToken(_scopes, { claims } = {}) {
      const refreshAt = (cached?.expiresOnTimestamp ?? 0) - refreshBeforeExpiryMs;
      if (cached !== undefined && claims === undefined && Date.now() < refreshAt) return cached;
      const response = await fetch(`${url}/simulator/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ claims, roles: grantedPermissions }),
      });
      if (!response.ok) throw new Error(`The simulator issued no token: status ${response.status}`);
      cached = issuedToken.parse(await response.json());
      return cached;
    },
  };
}
