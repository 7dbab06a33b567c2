import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts and authenticates texts that are stored outside the service, such as cookies. */
export interface Sealer {
  /** @param context where the text is used; it must be the same on opening */
  seal(text: string, context: string): string;
  /** Returns `undefined` for a text that was not sealed with these secrets, this purpose and this context. */
  open(sealed: string, context: string): string | undefined;
}

/**
 * Creates a sealer that uses AES-256-GCM with a key derived from the secret and the purpose (HKDF).
 *
 * @param secrets the first one seals, and all of them open, so that they can be rotated. Empty: a random secret
 * @param purpose a text sealed for one purpose cannot be opened for another
 */
export function createSealer(secrets: readonly string[], purpose: string): Sealer {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `script-state-bff ${purpose}`, 32)));
  if (keys.length === 0) keys.push(randomBytes(32));
  const [first = randomBytes(32)] = keys;
  return {
    seal(text, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', first, iv, { authTagLength: 16 }).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open(text, context) {
      const sealed = Buffer.from(text, 'base64url');
      // The decoder skips invalid characters. Accept the canonical encoding only.
      if (sealed.toString('base64url') !== text) return undefined;
      return keys.map((key) => openWith(key, sealed, context)).find((opened) => opened !== undefined);
    },
  };
}

function openWith(key: Buffer, sealed: Buffer, context: string): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
