import { expect, test } from 'vitest';
import { tenantMismatch } from '../../src/auth/tenant.js';

const own = '5a1b0000-0000-4000-8000-000000007e4a';
const entra = `https://login.microsoftonline.com/${own}/v2.0`;
const personal = '9188040d-6c67-4c5b-b112-36a304b66dad';

test.each([
  [own, entra, undefined],
  [own.toUpperCase(), entra, undefined],
  [own, `https://login.microsoftonline.us/${own}/v2.0`, undefined],
  [own, `https://login.sovcloud-identity.fr/${own}/v2.0`, undefined],
  [undefined, `https://login.sovcloud-identity.fr/${own}/v2.0`, 'other-tenant'],
  [own, `https://sts.windows.net/${own}/`, undefined],
  ['5a1b0000-0000-4000-8000-000000000bad', entra, 'other-tenant'],
  ['', entra, 'other-tenant'],
  [undefined, entra, 'other-tenant'],
  [own, 'https://login.microsoftonline.com/', 'other-tenant'],
  [personal, entra, 'personal'],
  [personal, `https://login.microsoftonline.com/${personal}/v2.0`, 'personal'],
  [personal.toUpperCase(), 'https://login.example/', 'personal'],
  [undefined, 'https://login.example/', undefined],
  ['anything', 'https://login.example/', undefined],
])('tenant %s with issuer %s: %s', (tid, issuer, mismatch) => {
  expect(tenantMismatch(tid, new URL(issuer))).toBe(mismatch);
});
