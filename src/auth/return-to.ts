/** It has to fit into a cookie, sealed. */
const maxLength = 1_024;

/**
 * Where to go after a sign-in: a path of this service, or its front page for everything else. Browsers read `\` as `/`
 * and skip control characters, so that `/\evil.example` or `/%0a/evil.example` could lead away.
 */
export function safeReturnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > maxLength || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(wanted)) return '/';
  const base = 'http://own.invalid';
  if (!URL.canParse(wanted, base)) return '/';
  const { origin, pathname, search, hash } = new URL(wanted, base);
  const encoded = /%(2f|5c|0[0-9a-f]|1[0-9a-f]|7f)/i.test(pathname);
  return origin !== base || encoded || pathname.startsWith('//') ? '/' : `${pathname}${search}${hash}`;
}
