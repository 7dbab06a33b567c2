import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCertificate } from '../support/certificate.js';
import { delegated, signInUser } from '../support/delegated.js';
import { startProgram } from '../support/program.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { startTestService, type TestService } from '../support/service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from '../support/simulator.js';
import { findState } from '../support/states.js';
import { createUserAgent } from '../support/user-agent.js';

const { certificate, pem } = createCertificate();
let folder: string;
let simulator: TestSimulator;
let provider: TestProvider;
let running: TestService | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  simulator = await startTestSimulator();
  provider = await startProvider({ certificate, register: (token) => simulator.register(token) });
});
afterEach(async () => {
  await stopWithSimulator(simulator, ...(running === undefined ? [] : [running]), provider);
  running = undefined;
  await rm(folder, { recursive: true });
});

async function start(content: string): Promise<TestService> {
  const path = join(folder, 'client.pem');
  await writeFile(path, content);
  const settings = delegated(simulator, provider);
  running = await startTestService({ ...settings, OIDC_CLIENT_SECRET: '', OIDC_CLIENT_CERTIFICATE_PATH: path });
  return running;
}

/** Signs in, and resolves to the last page. */
const signIn = (service: TestService) => createUserAgent(service, undefined, provider.issuer).signIn('anybody');

const thumbprint = (hash: string) => createHash(hash).update(certificate.raw).digest('base64url');

test('a certificate authenticates sign-in and token refresh', async () => {
  provider.accessTokenSeconds = 30;
  const service = await start(pem);
  const { target, state } = await findState(simulator);
  const { client } = await signInUser(service, provider.issuer);
  provider.accessTokenSeconds = 3600;
  expect(await client.scriptUserState.get.query(target)).toEqual(state);
  expect(provider.refreshes).toBe(1);
  // One assertion for the code grant and one for the refresh grant. The provider rejects a reused one.
  const header = { alg: 'RS256', x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') };
  expect(provider.assertions).toEqual([expect.objectContaining(header), expect.objectContaining(header)]);
});

test('the key may follow the certificate in the file', async () => {
  const [key = '', rest = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/);
  const service = await start(`${rest}${key}`);
  expect((await signIn(service)).url.pathname).toBe('/');
});

test('a certificate that is not registered at the provider is logged as an error', async () => {
  const service = await start(createCertificate().pem);
  expect(await signIn(service)).toMatchObject({ status: 503 });
  expect(provider.assertions).toEqual([]);
  expect(service.lines({ level: 50 }).map(({ msg }) => msg)).toEqual([expect.stringMatching(/an operator must/)]);
});

describe('the service does not start with a file that', () => {
  test.each([
    ['has no certificate', () => pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE')), 'no certificate'],
    ['has no key', () => certificate.toString(), 'no private key'],
    ['is unreadable', () => 'canary-of-a-broken-file', 'no certificate'],
    [
      'has the key of another certificate',
      () => `${createCertificate().pem.split(/(?=-----BEGIN CERTIFICATE)/)[0]}${certificate.toString()}`,
      'another certificate',
    ],
    ['does not exist', () => undefined, 'ENOENT'],
  ])('%s', async (_, content, problem) => {
    const path = join(folder, 'client.pem');
    const text = content();
    if (text !== undefined) await writeFile(path, text);
    const settings = { ...delegated(simulator, provider), OIDC_CLIENT_SECRET: '', OIDC_CLIENT_CERTIFICATE_PATH: path };
    const { exited, stderr } = startProgram('dist/main.js', { ...settings, PORT: 'x' });
    expect(await exited).toBe(1);
    const printed = stderr.join('\n').replaceAll('\\n', '\n');
    expect(printed).toMatch(/^ *PORT: must be/m);
    expect(printed).toMatch(new RegExp(`^ *OIDC_CLIENT_CERTIFICATE_PATH: must be .*${problem}`, 'm'));
    expect(printed).not.toMatch(/PRIVATE KEY|canary-of-a-broken-file|client\.pem/);
  });
});
