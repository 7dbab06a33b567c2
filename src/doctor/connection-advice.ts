import { type CertificateProblem, certificateProblemOf } from '../outbound/certificate-error.js';
import { ProxyError } from '../outbound/proxy-error.js';

const onCertificate = {
  untrusted:
    'the certificate is not trusted: set NODE_EXTRA_CA_CERTS to the path of a PEM file with the authority that issued it',
  expired: 'the certificate is not valid at the time of this machine: check its clock',
  'other-host': 'the certificate is that of another host: check the address, and what responds there',
} as const satisfies Record<CertificateProblem, string>;

/** What to do if the cause of a failure is the proxy or a certificate; `undefined` if it is neither. */
export function adviceOnConnection(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const problem = certificateProblemOf(cause);
  if (problem !== undefined) return onCertificate[problem];
  return cause instanceof ProxyError ? adviceOnProxy(cause) : adviceOnConnection(cause.cause);
}

function adviceOnProxy({ status }: ProxyError): string {
  if (status === undefined) {
    return 'check HTTPS_PROXY, and that this machine can reach the proxy; NO_PROXY lists the hosts to reach without it';
  }
  if (status === 407) return 'the proxy requires authentication: check the user name and password in HTTPS_PROXY';
  if (status >= 500)
    return 'the proxy cannot reach this host: check the name of the host, then contact the operator of the proxy';
  return 'the proxy must allow this host: contact its operator, or list the host in NO_PROXY';
}
