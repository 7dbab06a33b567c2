import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';

/** The module `oidc-provider`. */
export type OidcProviderModule = typeof import('oidc-provider');

/**
 * Loads oidc-provider, a development dependency, without its console warnings about Node.js releases.
 * @throws {Error} if it is not installed
 */
export async function loadOidcProvider(): Promise<OidcProviderModule> {
  const { warn } = console;
  console.warn = (...args: unknown[]) => {
    if (!String(args[0]).includes('oidc-provider WARNING')) warn.apply(console, args);
  };
  try {
    return await import('oidc-provider');
  } catch (cause) {
    throw new Error('SIGN_IN=oidc with the simulator requires the development dependencies', { cause });
  } finally {
    console.warn = warn;
  }
}

/** Generates a key to sign ID tokens with RS256, the algorithm that Entra uses. */
export async function createSigningKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}
