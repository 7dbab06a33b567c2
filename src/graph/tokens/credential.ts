import type { TokenCredential } from '@azure/identity';
import { certificateProblemOf } from '../../outbound/certificate-error.js';
import type { OutboundFetch } from '../../outbound/outbound.js';
import { ProxyError } from '../../outbound/proxy-error.js';

/**
 * The scope of tokens for a Graph. Every cloud has its own, so it follows from the base URL. A Graph on plain http is a
 * local one for tests, and has the public cloud's.
 *
 * @param permission a delegated permission, instead of all permissions that were granted
 */
export function graphScope({ protocol, origin }: URL, permission = '.default'): string {
  return `${protocol === 'https:' ? origin : 'https://graph.microsoft.com'}/${permission}`;
}

/** A credential with a fixed token. Only Graph checks whether it is still valid. */
export function accessTokenCredential(token: string): TokenCredential {
  return { getToken: async () => ({ token, expiresOnTimestamp: Number.POSITIVE_INFINITY }) };
}

/**
 * The `DefaultAzureCredential` of `@azure/identity`, configured by its own environment variables (`AZURE_*`). It takes
 * half a second and 24 MB to load, so it is loaded with the first token.
 *
 * @param fetch for its requests
 */
export function azureCredential(fetch: OutboundFetch): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  let lastFailure: Error | undefined;
  const onFailure = (failure: Error | undefined) => {
    lastFailure = failure;
  };

  async function load(): Promise<TokenCredential> {
    const { DefaultAzureCredential } = await import('@azure/identity');
    const { createAzureHttpClient } = await import('./azure-http-client.js');
    return new DefaultAzureCredential({ httpClient: createAzureHttpClient(fetch, onFailure) });
  }

  return {
    async getToken(scopes, options) {
      loading ??= load();
      const credential = await loading;
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        // The errors of @azure/identity do not name the cause of a failed connection.
        throw lastFailure !== undefined && isConclusive(lastFailure) ? lastFailure : error;
      }
    },
  };
}

/**
 * Whether a failed request shows what an operator must change. Other failures come from credentials that do not apply.
 */
function isConclusive(failure: Error): boolean {
  return failure instanceof ProxyError || certificateProblemOf(failure) !== undefined;
}

/** A credential without tokens: with `signed-in-user`, the service has no token itself. */
export function noCredential(): TokenCredential {
  return { getToken: async () => null };
}
