/** The path is kept in a sealed cookie, whose size browsers limit to 4,096 bytes. */
const maxLength = 1_024;

/**
 * The path to redirect to after sign-in: `wanted` if it is a path of this service, otherwise `/`. Prevents open
 * redirects: browsers read `\` as `/` and skip control characters, so `/\evil.example` and `/%0a/evil.example` could
 * lead to another site.
 */
export function safeReturnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > maxLength || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(wanted)) return '/';
  const base = 'http://own.invalid';
  if (!URL.canParse(wanted, base)) return '/';
  const { origin, pathname, search, hash } = new URL(wanted, base);
  const isEncoded = /%(2f|5c|0[0-9a-f]|1[0-9a-f]|7f)/i.test(pathname);
  return origin !== base || isEncoded || pathname.startsWith('//') ? '/' : `${pathname}${search}${hash}`;
}
