/** The tenant that all personal Microsoft accounts are in. @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad';

const entraHosts = new Set([
  'login.microsoftonline.com',
  'sts.windows.net',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
]);

/**
 * Tells why an account's tenant is not welcome; `undefined` when it is. An Entra issuer is one tenant's, and its tokens
 * must be of that tenant; personal accounts are refused whoever issued the token.
 */
export function tenantMismatch(tid: string | undefined, issuer: URL): 'personal' | 'other-tenant' | undefined {
  if (tid?.toLowerCase() === personalTenant) return 'personal';
  if (!entraHosts.has(issuer.hostname)) return undefined;
  return tid && tid.toLowerCase() === issuer.pathname.split('/')[1]?.toLowerCase() ? undefined : 'other-tenant';
}
