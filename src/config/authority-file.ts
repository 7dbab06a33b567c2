import { readFileSync } from 'node:fs';

/**
 * Whether a path is unset, or that of a file with certificates for `NODE_EXTRA_CA_CERTS`. Node reads it at its start,
 * and only warns about a file that it cannot use.
 *
 * @see https://nodejs.org/api/cli.html#node_extra_ca_certsfile
 */
export function isAuthorityFile(path: string | undefined): boolean {
  if (!path) return true;
  try {
    return /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m.test(readFileSync(path, 'latin1'));
  } catch {
    return false;
  }
}
