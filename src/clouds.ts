/** One of Microsoft's clouds. Each has a Microsoft Graph and an Entra ID of its own. */
export interface Cloud {
  readonly name: string;
  readonly graphHost: string;
  /** The host of `AZURE_AUTHORITY_HOST`. */
  readonly authorityHost: string;
  /** The host of the issuers of sign-in. */
  readonly issuerHost: string;
  /** All hosts of this cloud's Entra ID. */
  readonly entraHosts: readonly string[];
}

const governmentHosts = ['login.microsoftonline.us', 'login.usgovcloudapi.net'];

/**
 * The clouds whose Graph and Entra ID are documented.
 *
 * @see https://learn.microsoft.com/graph/deployments
 */
export const clouds: readonly Cloud[] = [
  {
    name: 'the public cloud',
    graphHost: 'graph.microsoft.com',
    authorityHost: 'login.microsoftonline.com',
    issuerHost: 'login.microsoftonline.com',
    entraHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com'],
  },
  {
    name: 'US Government L4',
    graphHost: 'graph.microsoft.us',
    authorityHost: 'login.microsoftonline.us',
    issuerHost: 'login.microsoftonline.us',
    entraHosts: governmentHosts,
  },
  {
    name: 'US Government L5',
    graphHost: 'dod-graph.microsoft.us',
    authorityHost: 'login.microsoftonline.us',
    issuerHost: 'login.microsoftonline.us',
    entraHosts: governmentHosts,
  },
  {
    name: 'the cloud in China',
    graphHost: 'microsoftgraph.chinacloudapi.cn',
    authorityHost: 'login.chinacloudapi.cn',
    issuerHost: 'login.partner.microsoftonline.cn',
    entraHosts: ['login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'],
  },
];

/** The Entra ID hosts of sovereign clouds, as in MSAL's metadata. The hosts of their Graphs are not documented. */
const sovereignHosts = ['login.sovcloud-identity.fr', 'login.sovcloud-identity.de', 'login.sovcloud-identity.sg'];

const entraHosts = new Set([...clouds.flatMap((cloud) => cloud.entraHosts), ...sovereignHosts]);

/** The cloud of a Graph; `undefined` if it is not a documented one. */
export function cloudOfGraph({ hostname }: URL): Cloud | undefined {
  return clouds.find(({ graphHost }) => graphHost === hostname);
}

/** The clouds whose Entra ID has this host. Both US Government clouds share one. */
export function cloudsOfEntraHost(hostname: string): readonly Cloud[] {
  return clouds.filter((cloud) => cloud.entraHosts.includes(hostname));
}

/** Whether a host is Entra ID's, in any cloud. */
export function isEntraHost(hostname: string): boolean {
  return entraHosts.has(hostname);
}
