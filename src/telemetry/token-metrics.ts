import type { TokenCredential } from '@azure/identity';
import type { MetricsRecorder } from './metrics.js';

/** Counts the token requests to a credential. */
export function countTokens(credential: TokenCredential, metrics: Pick<MetricsRecorder, 'token'>): TokenCredential {
  return {
    async getToken(...request) {
      let ok = false;
      try {
        const token = await credential.getToken(...request);
        ok = token !== null;
        return token;
      } finally {
        metrics.token('service', ok);
      }
    },
  };
}
