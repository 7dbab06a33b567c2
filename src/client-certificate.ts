import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A certificate with its RSA key, which authenticates this service at an identity provider. */
export interface ClientCertificate {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

/**
 * Reads a PEM file with a certificate and its private key, in any order.
 *
 * @throws {Error} if the file cannot be read, or does not have both; the message contains nothing of the file
 */
export function readClientCertificate(path: string): ClientCertificate {
  const pem = readFile(path);
  const certificate = parse('certificate', () => new X509Certificate(pem));
  const privateKey = parse('private key', () => createPrivateKey(pem));
  if (privateKey.asymmetricKeyType !== 'rsa') throw new Error('the private key is not an RSA key');
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('the private key belongs to another certificate');
  return { certificate, privateKey };
}

/** Why the file at a path cannot be used; `undefined` if it can be. */
export function clientCertificateProblem(path: string): string | undefined {
  try {
    readClientCertificate(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The message of Node contains the path.
    throw new Error(error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read', {
      cause: error,
    });
  }
}

function parse<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`it has no ${what} that can be read`, { cause: error });
  }
}
