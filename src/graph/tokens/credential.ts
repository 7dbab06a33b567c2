import type { TokenCredential } from '@azure/identity';

const nationalClouds = new Set(['graph.microsoft.us', 'dod-graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn']);

/** The scope of tokens for a Graph. Custom base URLs use the public cloud's scope. */
export function graphScope(baseUrl: URL): string {
  return `https://${nationalClouds.has(baseUrl.hostname) ? baseUrl.hostname : 'graph.microsoft.com'}/.default`;
}

/** A credential with a fixed token. Only Graph checks whether it is still valid. */
export function accessTokenCredential(token: string): TokenCredential {
  return { getToken: async () => ({ token, expiresOnTimestamp: Number.POSITIVE_INFINITY }) };
}

/**
 * The `DefaultAzureCredential` of `@azure/identity`, configured by its own environment variables (`AZURE_*`). It takes
 * half a second and 24 MB to load, so it is loaded with the first token.
 */
export function azureCredential(): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  return {
    async getToken(scopes, options) {
      loading ??= import('@azure/identity').then(({ DefaultAzureCredential }) => new DefaultAzureCredential());
      return (await loading).getToken(scopes, options);
    },
  };
}

/** A credential without tokens: with `signed-in-user`, the service has no token itself. */
export function noCredential(): TokenCredential {
  return { getToken: async () => null };
}
