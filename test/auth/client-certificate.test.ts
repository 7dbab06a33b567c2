import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCertificate } from '../support/certificate.js';
import { delegated, findState, signInAt } from '../support/delegated.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { startTestService, type TestService } from '../support/service.js';
import { startTestSimulator, type TestSimulator } from '../support/simulator.js';
import { visit } from '../support/visitor.js';

const { certificate, pem } = createCertificate();
let folder: string;
let simulator: TestSimulator;
let provider: TestProvider;
let service: TestService;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  simulator = await startTestSimulator();
  provider = await startProvider({ certificate, register: (token) => simulator.register(token) });
});
afterEach(async () => {
  await service.stop();
  await provider.stop();
  await simulator.close();
  await rm(folder, { recursive: true });
});

async function start(content: string): Promise<void> {
  const path = join(folder, 'client.pem');
  await writeFile(path, content);
  const settings = delegated(simulator, provider);
  service = await startTestService({ ...settings, OIDC_CLIENT_SECRET: '', OIDC_CLIENT_CERTIFICATE_PATH: path });
}

/** What somebody who signs in comes to see. */
const lastPage = () => visit(service, undefined, provider.issuer).signIn('anybody');

const thumbprint = (hash: string) => createHash(hash).update(certificate.raw).digest('base64url');

test('a certificate signs people in and renews their tokens', async () => {
  provider.accessTokenSeconds = 30;
  await start(pem);
  const { target, state } = await findState(simulator);
  const { client } = await signInAt(service, provider.issuer);
  provider.accessTokenSeconds = 3600;
  expect(await client.scriptUserState.get.query(target)).toEqual(state);
  expect(provider.refreshes).toBe(1);
  // The code grant and the refresh grant: an assertion of its own for each, which the provider insists on.
  const header = { alg: 'RS256', x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') };
  expect(provider.assertions).toEqual([expect.objectContaining(header), expect.objectContaining(header)]);
});

test('a certificate with the key after it will do as well', async () => {
  const [key = '', rest = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/);
  await start(`${rest}${key}`);
  expect((await lastPage()).url.pathname).toBe('/');
});

test('a certificate that the provider does not know is an operator’s alarm', async () => {
  await start(createCertificate().pem);
  expect(await lastPage()).toMatchObject({ status: 503 });
  expect(provider.assertions).toEqual([]);
  expect(service.lines({ level: 50 }).map(({ msg }) => msg)).toEqual([expect.stringMatching(/an operator must/)]);
});

test.each([
  ['no certificate', () => pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'))],
  ['no key', () => certificate.toString()],
  ['nothing readable', () => 'canary-of-a-broken-file'],
  [
    'the key of another certificate',
    () => `${createCertificate().pem.split(/(?=-----BEGIN CERTIFICATE)/)[0]}${certificate.toString()}`,
  ],
])('a file with %s signs nobody in, and the operator gets to know', async (_, content) => {
  await start(content());
  expect(await lastPage()).toMatchObject({ status: 503 });
  expect(service.lines({ level: 50 })).toHaveLength(1);
  expect(service.logged.join('\n')).not.toMatch(/PRIVATE KEY|canary-of-a-broken-file/);
});
