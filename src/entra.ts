import { isEntraHost } from './clouds.js';

/** Whether an issuer is Entra ID: a v2.0 endpoint, or the issuer of v1.0 tokens. */
export function isEntraIssuer({ hostname }: URL): boolean {
  return isEntraHost(hostname) || hostname === 'sts.windows.net';
}

/** Whether an issuer is a v2.0 endpoint of Entra ID that is not the one of a tenant, named by its id. */
export function isEntraIssuerWithoutTenantId({ hostname, pathname }: URL): boolean {
  return isEntraHost(hostname) && !/^\/[0-9a-f-]{36}\/v2\.0\/?$/i.test(pathname);
}
