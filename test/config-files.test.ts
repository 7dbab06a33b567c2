import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Config, ConfigError, loadConfig, secretFileNames, settingNames } from '../src/config.js';
import { Secret } from '../src/secret.js';
import { createCertificate } from './support/certificate.js';
import { startNode } from './support/process.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a file. @returns its path */
async function file(content: string | Buffer, name: string = crypto.randomUUID()): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').slice(1);
  }
  return [];
}

const secrets = {
  GRAPH_ACCESS_TOKEN: 'canary.token',
  OIDC_CLIENT_SECRET: 'canary-client-secret',
  SESSION_SECRET: 'canary'.repeat(6),
  REDIS_URL: 'rediss://:canary@redis.example.com:6380/1',
  HTTPS_PROXY: 'http://user:canary@proxy.example.com:3128',
};

describe('secrets from files', () => {
  test('every setting that is a secret can be read from a file', () => {
    const config = loadConfig(secrets);
    const isSecret = (name: string) => [config[name as keyof Config]].flat()[0] instanceof Secret;
    expect(secretFileNames).toEqual(settingNames.filter(isSecret).map((name) => `${name}_FILE`));
    expect(Object.keys(secrets).map((name) => `${name}_FILE`)).toEqual(secretFileNames);
  });

  test.each(Object.entries(secrets))('%s is read without its byte order mark and line end', async (name, value) => {
    for (const content of [value, `${value}\n`, `\ufeff${value}\r\n`]) {
      const config = loadConfig({ [`${name}_FILE`]: await file(content) });
      const [secret] = [config[name as keyof Config]].flat() as Secret[];
      expect(secret?.reveal()).toBe(value);
    }
  });

  test('the variable and its file are an error together', async () => {
    const path = await file('canary-1');
    expect(problemsOf({ OIDC_CLIENT_SECRET: 'canary-2', OIDC_CLIENT_SECRET_FILE: path })).toEqual([
      '  OIDC_CLIENT_SECRET_FILE: must be unset while OIDC_CLIENT_SECRET is set',
    ]);
  });

  test('every unusable file is in the list of invalid variables, without values', async () => {
    const missing = join(folder, 'missing');
    const problems = problemsOf({
      PORT: 'x',
      GRAPH_CREDENTIAL: 'access-token',
      GRAPH_ACCESS_TOKEN_FILE: missing,
      OIDC_ISSUER: 'https://login.example.com',
      OIDC_CLIENT_ID: 'client',
      OIDC_CLIENT_SECRET_FILE: await file('\ufeff\n'),
      SESSION_SECRET_FILE: await file('canary: too short'),
      REDIS_URL_FILE: await file(Buffer.from('rediss://canary', 'utf16le')),
      HTTPS_PROXY_FILE: folder,
    });
    expect(problems).toEqual([
      expect.stringMatching(/^ {2}PORT: must be/),
      '  GRAPH_ACCESS_TOKEN_FILE: must be the path of a file that can be read (ENOENT)',
      '  OIDC_CLIENT_SECRET_FILE: must be the path of a file that is not empty',
      expect.stringMatching(/^ {2}SESSION_SECRET_FILE: must be the path of a file with .*32 characters/),
      '  REDIS_URL_FILE: must be the path of a file in UTF-8',
      '  HTTPS_PROXY_FILE: must be the path of a file that can be read (EISDIR)',
    ]);
    expect(problems.join()).not.toMatch(new RegExp(`canary|${folder}`));
  });
});

describe('the proxy', () => {
  test.each([
    ['HTTPS_PROXY', 'NO_PROXY'],
    ['https_proxy', 'no_proxy'],
  ])('is set by %s and %s', (proxy, exceptions) => {
    const config = loadConfig({ [proxy]: 'http://proxy.example.com:3128', [exceptions]: '.example.com' });
    expect([config.HTTPS_PROXY?.reveal(), config.NO_PROXY]).toEqual(['http://proxy.example.com:3128', '.example.com']);
  });

  test('in lower case takes precedence, as in curl', () => {
    const config = loadConfig({
      HTTPS_PROXY: 'http://upper',
      https_proxy: 'http://lower',
      NO_PROXY: 'a',
      no_proxy: '',
    });
    expect([config.HTTPS_PROXY?.reveal(), config.NO_PROXY]).toEqual(['http://lower', 'a']);
  });

  test.each([
    'proxy.example.com:3128',
    'socks5://proxy',
    'http://proxy/path',
    'http://u:a#b@proxy',
    'http://u:%zz@proxy',
  ])('%s is invalid', (value) => {
    expect(problemsOf({ HTTPS_PROXY: value })).toEqual([expect.stringMatching(/^ {2}HTTPS_PROXY: must be/)]);
  });
});

test.each(['', 'no certificate'])('NODE_EXTRA_CA_CERTS must name a file with certificates', async (content) => {
  const path = content === '' ? join(folder, 'missing') : await file(content);
  expect(problemsOf({ NODE_EXTRA_CA_CERTS: path })).toEqual([
    '  NODE_EXTRA_CA_CERTS: must be the path of a PEM file with the certificates of authorities',
  ]);
});

describe.each([
  ['the service', 'dist/main.js'],
  ['the doctor', 'dist/doctor.js'],
])('%s reads .env', (_, program) => {
  /** Runs the program in a folder with an `.env` file until it exits or has listed its address. */
  async function run(content: string | Buffer) {
    await file(content, '.env');
    const running = startNode([resolve(program)], { SIGN_IN: 'off' }, { cwd: folder, stdio: 'pipe' });
    let output = '';
    const isDone = new Promise<void>((done) => {
      for (const stream of [running.child.stdout, running.child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.includes('listening on')) done();
        });
      }
    });
    const code = await Promise.race([running.exited, isDone]);
    await running.stop();
    return { code, output };
  }

  test('without its byte order mark', async () => {
    const { output } = await run('\ufeffPORT=canary\n');
    expect(output).toMatch(/PORT: must be/);
  });

  test.each([
    ['with a byte order mark', Buffer.from('\ufeffPORT=0\n', 'utf16le')],
    ['without one', Buffer.from('PORT=0\n', 'utf16le')],
  ])('and refuses UTF-16 %s', async (_name, content) => {
    const { code, output } = await run(content);
    expect(code).toBe(1);
    expect(output).toContain('.env must be saved as UTF-8');
  });

  test('and warns of a value that # ends', async () => {
    const { output } = await run(
      [
        'PORT=0',
        'ROLE_READER=canary#1',
        'ROLE_OPERATOR="canary#2"',
        'LOG_LEVEL=info # a comment',
        'HOST=#canary',
        'UNUSED="several',
        'A=lines#3"',
        `NODE_EXTRA_CA_CERTS=${await file(createCertificate().pem)}`,
      ].join('\n'),
    );
    const warned = output.match(/\.env: (?:the value of )?(\w+)/g)?.map((text) => text.split(' ').at(-1));
    expect(new Set(warned)).toEqual(new Set(['ROLE_READER', 'HOST', 'NODE_EXTRA_CA_CERTS']));
    expect(output).not.toMatch(/canary/);
  });
});
