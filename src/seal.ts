import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Seals texts, so that whoever carries them can neither read nor make nor alter them. */
export interface Sealer {
  /** @param context what the text is good for; it can be opened for nothing else */
  seal(text: string, context: string): string;
  /** `undefined` for whatever was not sealed here, or for something else. */
  open(sealed: string, context: string): string | undefined;
}

/**
 * Seals with AES-256-GCM under a key that is derived (HKDF) for one purpose.
 *
 * @param secrets the first one seals; all of them open, so that they can be rotated. Without any, a random one
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
      // One way of writing each: what the decoder would overlook was not sealed here.
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
