/** A certificate for `localhost`, `127.0.0.1` and `::1`, with its private key, both as PEM. */
export interface LoopbackCertificate {
  readonly cert: string;
  readonly key: string;
}

const lifetimeMs = 30 * 24 * 3_600_000;

/**
 * Creates a self-signed certificate with selfsigned, a development dependency. It is its own issuer: a client trusts it
 * if it trusts the certificate as an authority.
 * @throws {Error} if selfsigned is not installed
 */
export async function createLoopbackCertificate(): Promise<LoopbackCertificate> {
  const { generate } = await import('selfsigned').catch((cause: unknown) => {
    throw new Error('The simulator with TLS requires the development dependencies', { cause });
  });
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + lifetimeMs),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { cert, key };
}
