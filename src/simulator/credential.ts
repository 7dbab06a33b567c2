import type { AccessToken, TokenCredential } from '@azure/identity';
import { z } from 'zod';

const issuedToken = z.object({ token: z.string(), expiresOnTimestamp: z.number() });

// Microsoft's credentials, too, give the token that they hold until shortly before it expires.
const marginMs = 60_000;

/**
 * A credential that gets its tokens from a simulator over HTTP. Like Microsoft's own, it keeps a token while it lasts
 * and gets a new one early only when asked with claims: who drops the claims of a challenge is refused again.
 */
export function createSimulatorCredential(url: string): TokenCredential {
  let held: AccessToken | undefined;
  return {
    async getToken(_scopes, { claims } = {}) {
      if (claims === undefined && held !== undefined && held.expiresOnTimestamp - marginMs > Date.now()) return held;
      const response = await fetch(`${url}/simulator/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ claims }),
      });
      if (!response.ok) throw new Error(`The simulator gave no token: ${response.status}`);
      held = issuedToken.parse(await response.json());
      return held;
    },
  };
}
