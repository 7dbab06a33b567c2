import { isEntraIssuer } from '../entra.js';

/**
 * The tenant of all personal Microsoft accounts.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad';

/**
 * Why an account's tenant is rejected; `undefined` when it is accepted. Tokens of an Entra issuer must belong to the
 * tenant of that issuer. The tenant of personal accounts is rejected for every issuer.
 *
 * @param tid the `tid` claim of the ID token
 */
export function tenantMismatch(tid: string | undefined, issuer: URL): 'personal' | 'other-tenant' | undefined {
  if (tid?.toLowerCase() === personalTenant) return 'personal';
  if (!isEntraIssuer(issuer)) return undefined;
  return tid && tid.toLowerCase() === issuer.pathname.split('/')[1]?.toLowerCase() ? undefined : 'other-tenant';
}
