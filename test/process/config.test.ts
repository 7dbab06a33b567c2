import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.js';
import { Secret } from '../../src/secret.js';

/** The names that a refused environment is told, each with what it wants. */
function complaints(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n').slice(1);
    const entries = lines.map((line) => /^ {2}([A-Z0-9_]+): wants (.+)$/.exec(line) ?? [line, line, '']);
    return Object.fromEntries(entries.map(([, name = '', wants = '']) => [name, wants] as const));
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
  test('without any setting there is the simulator, on loopback, without sign-in', () => {
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
      ROLE_READER: 'ScriptState.Read',
      ROLE_OPERATOR: 'ScriptState.ReadWrite',
    });
    expect(loadConfig({}).GRAPH_BASE_URL.href).toBe('https://graph.microsoft.com/beta');
  });

  test('with a real Graph people have to sign in', () => {
    expect(loadConfig(live).SIGN_IN).toBe('oidc');
  });

  test('a variable that is set to nothing is not set', () => {
    expect(loadConfig({ PORT: '', GRAPH_CREDENTIAL: ' ', REDIS_URL: '' })).toEqual(loadConfig({}));
  });
});

describe('a single setting is refused', () => {
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
    ['REDIS_URL', 'http://redis'],
    ['REDIS_URL', 'redis://user:password@'],
    ['REDIS_URL', 'redis://redis:99999'],
    ['METRICS_PORT', 'x'],
    ['SIMULATOR_SEED', 'x'],
    ['SIMULATOR_FAULTS', 'meteor=0.1'],
    ['SIMULATOR_FAULTS', 'reset=2'],
    ['SIMULATOR_APPROVAL', 'yes'],
  ])('%s=%s', (name, value) => {
    expect(Object.keys(complaints({ [name]: value }))).toEqual([name]);
  });

  test.each([
    ['GRAPH_BASE_URL', 'http://127.0.0.1:8080/beta'],
    ['GRAPH_BASE_URL', 'http://localhost:8080/beta/'],
    ['GRAPH_BASE_URL', 'http://[::1]:8080/beta'],
    ['GRAPH_BASE_URL', 'https://graph.microsoft.us/beta'],
    ['PUBLIC_URL', 'https://scripts.example.com/'],
    ['SESSION_SECRET', `${'a'.repeat(32)}, ${'b'.repeat(40)}`],
    ['SIMULATOR_FAULTS', 'reset-applied=0.01, throttled=1'],
  ])('but not %s=%s', (name, value) => {
    expect(complaints({ [name]: value })).toEqual({});
  });
});

describe('settings that do not go together are refused', () => {
  test.each<[string, Readonly<Record<string, string>>, string[]]>([
    [
      'the simulator in production',
      { NODE_ENV: 'production', GRAPH_CREDENTIAL: 'simulator', SIGN_IN: 'oidc' },
      ['GRAPH_CREDENTIAL'],
    ],
    ['no credential in production', { NODE_ENV: 'production', ...oidc }, ['GRAPH_CREDENTIAL']],
    ['no sign-in in production', { NODE_ENV: 'production', ...live, SIGN_IN: 'off' }, ['SIGN_IN']],
    ['no sign-in where others can reach it', { HOST: '0.0.0.0' }, ['SIGN_IN']],
    ['no sign-in on a name that only looks like loopback', { HOST: '127.0.0.1.example.com' }, ['SIGN_IN']],
    [
      'sign-in at an address where cookies are not secure',
      { ...live, PUBLIC_URL: 'http://scripts.example.com' },
      ['PUBLIC_URL'],
    ],
    ['one role for reading and writing', { ROLE_READER: 'Role', ROLE_OPERATOR: 'Role' }, ['ROLE_OPERATOR']],
    [
      'an Entra issuer that is not one tenant, by its id',
      { ...live, OIDC_ISSUER: 'https://login.microsoftonline.com/common/v2.0' },
      ['OIDC_ISSUER'],
    ],
    ['access-token without a token', { ...oidc, GRAPH_CREDENTIAL: 'access-token' }, ['GRAPH_ACCESS_TOKEN']],
    [
      'azure with its whole chain in production',
      { NODE_ENV: 'production', ...oidc, GRAPH_CREDENTIAL: 'azure' },
      ['AZURE_TOKEN_CREDENTIALS'],
    ],
    [
      'the signed-in person without sign-in',
      { GRAPH_CREDENTIAL: 'signed-in-user', SIGN_IN: 'off' },
      ['GRAPH_CREDENTIAL'],
    ],
    ['a secret and a certificate', { ...live, OIDC_CLIENT_CERTIFICATE_PATH: '/key.pem' }, ['OIDC_CLIENT_SECRET']],
    [
      'sign-in without a provider',
      { GRAPH_CREDENTIAL: 'azure' },
      ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'SESSION_SECRET'],
    ],
  ])('%s', (_, env, names) => {
    expect(Object.keys(complaints(env))).toEqual(names);
  });

  test('everything that is wrong is told at once, each with what it wants, and no value', () => {
    const env = {
      PORT: 'value-1',
      LOG_LEVEL: 'value-2',
      HOST: '0.0.0.0',
      GRAPH_BASE_URL: 'value-3',
      REDIS_URL: 'value-4',
    };
    const found = complaints(env);
    expect(Object.keys(found)).toEqual(['PORT', 'LOG_LEVEL', 'GRAPH_BASE_URL', 'REDIS_URL', 'SIGN_IN']);
    expect(JSON.stringify(found)).not.toContain('value-');
    for (const wants of Object.values(found)) expect(wants).toMatch(/\w{2}/);
  });
});

test('a secret prints as one, wherever it ends up', () => {
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
