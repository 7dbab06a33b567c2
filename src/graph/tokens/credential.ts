import type { TokenCredential } from '@azure/identity';

/** The permission that everything here needs. @see https://learn.microsoft.com/graph/permissions-reference */
export const requiredPermission = 'DeviceManagementScripts.ReadWrite.All';

const nationalClouds = new Set(['graph.microsoft.us', 'dod-graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn']);

/** The scope that a token for a Graph is asked with; a Graph of one's own is asked for like the worldwide one. */
export function graphScope(baseUrl: URL): string {
  return `https://${nationalClouds.has(baseUrl.hostname) ? baseUrl.hostname : 'graph.microsoft.com'}/.default`;
}

/** A token that somebody handed over. Whether it still is good is for Graph to say. */
export function accessTokenCredential(token: string): TokenCredential {
  return { getToken: async () => ({ token, expiresOnTimestamp: Number.POSITIVE_INFINITY }) };
}

/**
 * `@azure/identity` with its own names in the environment (`AZURE_*`). It takes half a second and 24 MB to load, so
 * it is loaded when the first token is wanted.
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

/** Nobody's token: with `signed-in-user` the service has none of its own. */
export function noCredential(): TokenCredential {
  return { getToken: async () => null };
}

/**
 * The permissions in a token: its `roles` (application) and `scp` (delegated). It is read, not verified: for advice.
 *
 * @returns `undefined` when the token is no JWT that can be read
 */
export function permissionsIn(token: string): readonly string[] | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof payload !== 'object' || payload === null) return undefined;
    const roles: unknown = 'roles' in payload ? payload.roles : [];
    const scopes: unknown = 'scp' in payload ? payload.scp : '';
    return [...(Array.isArray(roles) ? roles.map(String) : []), ...String(scopes).split(' ')].filter(Boolean);
  } catch {
    return undefined;
  }
}
