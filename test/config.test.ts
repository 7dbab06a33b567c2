import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../src/config.js';
import { Secret } from '../src/secret.js';

/** The invalid variables that the error names, each with its requirement. */
function problems(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n').slice(1);
    const entries = lines.map((line) => /^ {2}([A-Z0-9_]+): must be (.+)$/.exec(line) ?? [line, line, '']);
    return Object.fromEntries(entries.map(([, name = '', requirement = '']) => [name, requirement] as const));
  }
  return {};
}

const oidc = {
  OIDC_ISSUER: 'https://login.example.com/tenant/v2.0',
  OIDC_CLIENT_ID: 'client',
  OIDC_CLIENT_SECRET: 'a secret',
  SESSION_SECRET: 's'.repeat(32),
};
const live = { GRAPH_CREDENTIAL: 'access-token', GRAPH_ACCESS_TOKEN: 'token', ...oidc };

describe('defaults', () => {
  test('without settings: the simulator, on loopback, without sign-in', () => {
    expect(loadConfig({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 3000,
      LOG_LEVEL: 'info',
      GRAPH_CREDENTIAL: 'simulator',
      GRAPH_DEADLINE_MS: 30_000,
      GRAPH_WRITES_PER_20S: 200,
      SIGN_IN: 'off',
      SESSION_IDLE_MINUTES: 60,
      SESSION_MAX_HOURS: 12,
      SESSION_ROLES_MINUTES: 60,
      ROLE_READER: 'ScriptState.Read',
      ROLE_OPERATOR: 'ScriptState.ReadWrite',
    });
    expect(loadConfig({}).GRAPH_BASE_URL.href).toBe('https://graph.microsoft.com/beta');
  });

  test('a real Graph requires sign-in', () => {
    expect(loadConfig(live).SIGN_IN).toBe('oidc');
  });

  test('an empty variable counts as not set', () => {
    expect(loadConfig({ PORT: '', GRAPH_CREDENTIAL: ' ', REDIS_URL: '' })).toEqual(loadConfig({}));
  });
});

describe('a single setting', () => {
  test.each([
    ['HOST', 'two words'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3e3'],
    ['PUBLIC_URL', 'scripts.example.com'],
    ['PUBLIC_URL', 'https://scripts.example.com/path'],
    ['PUBLIC_URL', 'ftp://scripts.example.com'],
    ['LOG_LEVEL', 'loud'],
    ['GRAPH_CREDENTIAL', 'password'],
    ['GRAPH_ACCESS_TOKEN', 'Bearer token'],
    ['GRAPH_BASE_URL', 'http://graph.microsoft.com/beta'],
    ['GRAPH_BASE_URL', 'https://user:password@graph.microsoft.com/beta'],
    ['GRAPH_BASE_URL', 'https://graph.microsoft.com/beta?x=1'],
    ['GRAPH_DEADLINE_MS', '0'],
    ['GRAPH_DEADLINE_MS', '1.5'],
    ['GRAPH_WRITES_PER_20S', '0'],
    ['SIGN_IN', 'on'],
    ['OIDC_ISSUER', 'http://login.example.com'],
    ['OIDC_SCOPE', 'profile offline_access'],
    ['SESSION_SECRET', 'too short'],
    ['SESSION_SECRET', `${'s'.repeat(32)},too short`],
    ['SESSION_IDLE_MINUTES', '0'],
    ['SESSION_MAX_HOURS', 'twelve'],
    ['SESSION_ROLES_MINUTES', '0'],
    ['REDIS_URL', 'http://redis'],
    ['REDIS_URL', 'redis://user:password@'],
    ['REDIS_URL', 'redis://redis:99999'],
    ['REDIS_URL', 'redis://redis/name'],
    ['REDIS_URL', 'redis://one,two'],
    ['REDIS_URL', 'redis://one?sentinelPassword=x'],
    ['REDIS_URL', 'redis://%zz@one'],
    ['REDIS_URL', 'redis+sentinel://one:26379'],
    ['REDIS_URL', 'redis+sentinel://one,/name'],
    ['REDIS_URL', 'redis+sentinel://one/name/x'],
    ['REDIS_URL', 'redis+sentinel://one/name?other=x'],
    ['METRICS_PORT', 'x'],
    ['SIMULATOR_SEED', 'x'],
    ['SIMULATOR_FAULTS', 'meteor=0.1'],
    ['SIMULATOR_FAULTS', 'reset=2'],
    ['SIMULATOR_APPROVAL', 'yes'],
  ])('rejects %s=%s', (name, value) => {
    expect(Object.keys(problems({ [name]: value }))).toEqual([name]);
  });

  test.each([
    ['GRAPH_BASE_URL', 'http://127.0.0.1:8080/beta'],
    ['GRAPH_BASE_URL', 'http://localhost:8080/beta/'],
    ['GRAPH_BASE_URL', 'http://[::1]:8080/beta'],
    ['GRAPH_BASE_URL', 'https://graph.microsoft.us/beta'],
    ['PUBLIC_URL', 'https://scripts.example.com/'],
    ['SESSION_SECRET', `${'a'.repeat(32)}, ${'b'.repeat(40)}`],
    ['SIMULATOR_FAULTS', 'reset-applied=0.01, throttled=1'],
  ])('accepts %s=%s', (name, value) => {
    expect(problems({ [name]: value })).toEqual({});
  });
});

describe('settings that contradict each other are rejected', () => {
  test.each<[string, Readonly<Record<string, string>>, string[]]>([
    [
      'the simulator in production',
      { NODE_ENV: 'production', GRAPH_CREDENTIAL: 'simulator', SIGN_IN: 'oidc' },
      ['GRAPH_CREDENTIAL'],
    ],
    ['no credential in production', { NODE_ENV: 'production', ...oidc }, ['GRAPH_CREDENTIAL']],
    ['no sign-in in production', { NODE_ENV: 'production', ...live, SIGN_IN: 'off' }, ['SIGN_IN']],
    ['no sign-in on an address that other machines can reach', { HOST: '0.0.0.0' }, ['SIGN_IN']],
    [
      'no sign-in on a host name that only starts like a loopback address',
      { HOST: '127.0.0.1.example.com' },
      ['SIGN_IN'],
    ],
    ['sign-in at a public http address', { ...live, PUBLIC_URL: 'http://scripts.example.com' }, ['PUBLIC_URL']],
    ['the same role for readers and operators', { ROLE_READER: 'Role', ROLE_OPERATOR: 'Role' }, ['ROLE_OPERATOR']],
    [
      'an Entra issuer that is not one tenant by its id',
      { ...live, OIDC_ISSUER: 'https://login.microsoftonline.com/common/v2.0' },
      ['OIDC_ISSUER'],
    ],
    ['access-token without a token', { ...oidc, GRAPH_CREDENTIAL: 'access-token' }, ['GRAPH_ACCESS_TOKEN']],
    [
      'azure with the default credential chain in production',
      { NODE_ENV: 'production', ...oidc, GRAPH_CREDENTIAL: 'azure' },
      ['AZURE_TOKEN_CREDENTIALS'],
    ],
    ['signed-in-user without sign-in', { GRAPH_CREDENTIAL: 'signed-in-user', SIGN_IN: 'off' }, ['GRAPH_CREDENTIAL']],
    [
      'both a client secret and a certificate',
      { ...live, OIDC_CLIENT_CERTIFICATE_PATH: '/key.pem' },
      ['OIDC_CLIENT_SECRET'],
    ],
    [
      'sign-in without a provider',
      { GRAPH_CREDENTIAL: 'azure' },
      ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'SESSION_SECRET'],
    ],
  ])('%s', (_, env, names) => {
    expect(Object.keys(problems(env))).toEqual(names);
  });

  test('the error names every invalid variable with its requirement, and no value', () => {
    const env = {
      PORT: 'value-1',
      LOG_LEVEL: 'value-2',
      HOST: '0.0.0.0',
      GRAPH_BASE_URL: 'value-3',
      REDIS_URL: 'value-4',
    };
    const found = problems(env);
    expect(Object.keys(found)).toEqual(['PORT', 'LOG_LEVEL', 'GRAPH_BASE_URL', 'REDIS_URL', 'SIGN_IN']);
    expect(JSON.stringify(found)).not.toContain('value-');
    for (const requirement of Object.values(found)) expect(requirement).toMatch(/\w{2}/);
  });
});

test('secrets in the configuration print as [secret]', () => {
  const config = loadConfig({ ...live, REDIS_URL: 'redis://:canary@localhost' });
  const prints = [
    JSON.stringify(config),
    inspect(config, { depth: 9 }),
    `${String(config.GRAPH_ACCESS_TOKEN)}`,
    String(config.REDIS_URL),
  ];
  for (const print of prints) {
    expect(print).not.toMatch(/canary|a secret|ssss|"token"|'token'/);
    expect(print).toContain('[secret]');
  }
  expect(config.GRAPH_ACCESS_TOKEN).toBeInstanceOf(Secret);
  expect(config.GRAPH_ACCESS_TOKEN?.reveal()).toBe('token');
});
