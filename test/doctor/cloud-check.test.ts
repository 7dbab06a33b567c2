import { expect, test } from 'vitest';
import { runDoctor } from '../support/doctor.js';

// GRAPH_BASE_URL, the credential and sign-in must be those of one cloud.

const tenant = '5a1b0000-0000-4000-8000-000000007e4a';
const azure = { GRAPH_CREDENTIAL: 'azure', AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential', SIGN_IN: 'off' };
const government = { GRAPH_BASE_URL: 'https://graph.microsoft.us/beta' };
const china = { GRAPH_BASE_URL: 'https://microsoftgraph.chinacloudapi.cn/beta' };
const signIn = {
  SIGN_IN: 'oidc',
  OIDC_CLIENT_ID: 'x',
  OIDC_CLIENT_SECRET: 'x',
  SESSION_SECRET: 'x'.repeat(32),
};
const issuer = (host: string) => ({ ...signIn, OIDC_ISSUER: `https://${host}/${tenant}/v2.0` });
const tokenFor = (aud: string) => `e30.${Buffer.from(JSON.stringify({ aud })).toString('base64url')}.`;

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  [
    'the default authority',
    { ...azure, ...government },
    /AZURE_AUTHORITY_HOST is not set.*login\.microsoftonline\.com[\s\S]*set AZURE_AUTHORITY_HOST=https:\/\/login\.microsoftonline\.us/,
  ],
  [
    'the default authority, with the default credentials',
    { ...azure, ...china, AZURE_TOKEN_CREDENTIALS: '' },
    /set AZURE_AUTHORITY_HOST=https:\/\/login\.chinacloudapi\.cn/,
  ],
  [
    'the authority of a national cloud, with the public Graph',
    { ...azure, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' },
    /AZURE_AUTHORITY_HOST=https:\/\/login\.microsoftonline\.com, or GRAPH_BASE_URL=https:\/\/graph\.microsoft\.us\/beta/,
  ],
  [
    'the authority of a sovereign cloud, with the public Graph',
    { ...azure, AZURE_AUTHORITY_HOST: 'https://login.sovcloud-identity.fr' },
    /AZURE_AUTHORITY_HOST is login\.sovcloud-identity\.fr, the Entra ID of another cloud/,
  ],
  [
    'an authority that is not a URL',
    { ...azure, ...government, AZURE_AUTHORITY_HOST: 'login.microsoftonline.us' },
    /AZURE_AUTHORITY_HOST is not an https URL/,
  ],
  [
    'the issuer of another cloud',
    {
      ...azure,
      ...government,
      ...issuer('login.microsoftonline.com'),
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us',
    },
    /set OIDC_ISSUER=https:\/\/login\.microsoftonline\.us\/TENANT-ID\/v2\.0/,
  ],
  [
    'the issuer of another cloud, with the users’ own tokens',
    { ...issuer('login.microsoftonline.us'), GRAPH_CREDENTIAL: 'signed-in-user' },
    /OIDC_ISSUER is login\.microsoftonline\.us[\s\S]*GRAPH_BASE_URL=https:\/\/graph\.microsoft\.us\/beta/,
  ],
  [
    'a scope of another cloud',
    {
      ...government,
      ...issuer('login.microsoftonline.us'),
      GRAPH_CREDENTIAL: 'signed-in-user',
      OIDC_SCOPE: 'openid https://graph.microsoft.com/DeviceManagementScripts.ReadWrite.All',
    },
    /set OIDC_SCOPE=openid profile offline_access https:\/\/graph\.microsoft\.us\/DeviceManagementScripts/,
  ],
  [
    'a token for another cloud',
    {
      ...government,
      SIGN_IN: 'off',
      GRAPH_CREDENTIAL: 'access-token',
      GRAPH_ACCESS_TOKEN: tokenFor('https://graph.microsoft.com'),
    },
    /GRAPH_ACCESS_TOKEN is a token for graph\.microsoft\.com/,
  ],
])('the cloud of the Graph and that of %s must be the same', async (_, env, advice) => {
  const { code, steps, printed } = await runDoctor(env);
  expect(code).toBe(1);
  expect(steps).toEqual(['ok settings', 'FAIL cloud']);
  expect(printed).toMatch(advice);
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  [
    'a national cloud',
    {
      ...government,
      ...azure,
      ...issuer('login.microsoftonline.us'),
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us',
    },
    /US Government L4: scope https:\/\/graph\.microsoft\.us\/\.default, authority login\.microsoftonline\.us, issuer login/,
  ],
  [
    'a cloud that is not documented',
    { ...azure, GRAPH_BASE_URL: 'https://graph.svc.sovcloud.fr/beta' },
    /scope https:\/\/graph\.svc\.sovcloud\.fr\/\.default, authority login\.microsoftonline\.com \(.*not set\)\s+→ check that AZURE_AUTHORITY_HOST/,
  ],
])('the cloud is reported, with what is used: %s', async (_, env, summary) => {
  const { steps, printed } = await runDoctor(env);
  expect(steps).toEqual(['ok settings', 'ok cloud', 'ok graph', 'FAIL token']);
  expect(printed).toMatch(summary);
});

test.each([
  [
    'the users’ own tokens',
    {},
    /scope https:\/\/microsoftgraph\.chinacloudapi\.cn\/DeviceManagementScripts\.ReadWrite\.All/,
  ],
  ['scopes without a cloud', { OIDC_SCOPE: 'openid DeviceManagementScripts.ReadWrite.All' }, /the cloud in China/],
])('the cloud fits %s', async (_, env, summary) => {
  const { code, steps, printed } = await runDoctor({
    ...china,
    ...issuer('login.partner.microsoftonline.cn'),
    ...env,
    GRAPH_CREDENTIAL: 'signed-in-user',
  });
  // There is no such tenant.
  expect(code).toBe(1);
  expect(steps).toEqual(['ok settings', 'ok cloud', 'FAIL provider']);
  expect(printed).toMatch(summary);
});
