import { generate } from 'selfsigned';

/** A certificate and its private key, both as PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A private certificate authority. */
export interface Authority {
  /** Its certificate, as PEM. */
  readonly certificate: string;
  /** Issues a certificate for hosts. @param endsAt in an hour by default */
  issue(hosts: readonly string[], endsAt?: Date): Promise<IssuedCertificate>;
}

const day = 24 * 3_600_000;

/** Creates an authority that no process trusts until it is told to. */
export async function createAuthority(): Promise<Authority> {
  const common = { keyType: 'ec', algorithm: 'sha256', notBeforeDate: new Date(Date.now() - 10 * day) } as const;
  const authority = await generate([{ name: 'commonName', value: 'Authority of the tests' }], {
    ...common,
    notAfterDate: new Date(Date.now() + day),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    certificate: authority.cert,
    async issue(hosts, endsAt = new Date(Date.now() + 3_600_000)) {
      const [commonName = ''] = hosts;
      const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
        ...common,
        notAfterDate: endsAt,
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
        ],
      });
      return { cert: `${cert}\n${authority.cert}`, key };
    },
  };
}
