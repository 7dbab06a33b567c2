import type { TokenCredential } from '@azure/identity';
import type { OutboundFetch } from '../../outbound/outbound.js';

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
 * @param fetch for its requests, if they must use the proxy of the settings
 */
export function azureCredential(fetch: OutboundFetch | undefined): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  return {
    async getToken(scopes, options) {
      loading ??= loadCredential(fetch);
      return (await loading).getToken(scopes, options);
    },
  };
}

async function loadCredential(fetch: OutboundFetch | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  if (fetch === undefined) return new DefaultAzureCredential();
  const { createAzureHttpClient } = await import('./azure-http-client.js');
  return new DefaultAzureCredential({ httpClient: createAzureHttpClient(fetch) });
}

/** A credential without tokens: with `signed-in-user`, the service has no token itself. */
export function noCredential(): TokenCredential {
  return { getToken: async () => null };
}
