/** Why a certificate is rejected. */
export type CertificateProblem = 'untrusted' | 'expired' | 'other-host';

/** The codes of OpenSSL and Node. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const problems = new Map<string, CertificateProblem>([
  ['UNABLE_TO_GET_ISSUER_CERT', 'untrusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'untrusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'untrusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
  ['CERT_UNTRUSTED', 'untrusted'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'other-host'],
]);

/** Why a connection failed because of a certificate; `undefined` if it failed because of anything else. */
export function certificateProblemOf(error: Error): CertificateProblem | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return problems.get(code.replace(/^PROXY_/, ''));
}
