import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';

/** `oidc-provider` itself. */
export type OidcProvider = typeof import('oidc-provider');

/**
 * Loads oidc-provider, a development dependency, and mutes what it says on the console about Node.js releases.
 * @throws Error when it is not installed.
 */
export async function loadOidcProvider(): Promise<OidcProvider> {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes('oidc-provider WARNING')) warn.apply(console, words);
  };
  try {
    return await import('oidc-provider');
  } catch (cause) {
    throw new Error('SIGN_IN=oidc with the simulator needs the development dependencies', { cause });
  } finally {
    console.warn = warn;
  }
}

/** A new key for ID tokens: RS256, as Entra signs. */
export async function createSigningKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}
