import * as oidc from 'openid-client';
import type { ClientCertificate } from '../client-certificate.js';

/** The registration of this service at an OpenID provider. */
export interface ClientRegistration {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** Used instead of a secret. */
  readonly certificate?: ClientCertificate | undefined;
}

/** Authenticates with a secret, or with a key whose certificate is registered at the provider (`private_key_jwt`). */
export async function clientAuthentication({
  clientSecret,
  certificate: pair,
}: ClientRegistration): Promise<oidc.ClientAuth> {
  if (pair === undefined) return oidc.ClientSecretPost(clientSecret);
  const { certificate, privateKey } = pair;
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  return oidc.PrivateKeyJwt(key, {
    [oidc.modifyAssertion](header) {
      header['x5t'] = thumbprint(certificate.fingerprint);
      header['x5t#S256'] = thumbprint(certificate.fingerprint256);
    },
  });
}

/** Converts a fingerprint in hex to a JOSE thumbprint (RFC 7515, 4.1.7). */
function thumbprint(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}
