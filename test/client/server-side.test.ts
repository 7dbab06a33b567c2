import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ScriptStateClient } from '../../src/client/index.js';
import { blocksOf, readPage } from '../support/documentation.js';
import { useService } from '../support/service.js';
import { createSignedInUserAgent } from '../support/user-agent.js';

const service = useService({ SIGN_IN: 'oidc' });
let clientFor: (request: Request) => ScriptStateClient;

beforeAll(async () => {
  const [block = ''] = blocksOf(await readPage('src/client/README.md'), 'ts').filter((each) =>
    each.includes('clientFor'),
  );
  const file = join(process.cwd(), 'node_modules/.cache/readme-server-side.mts');
  await mkdir('node_modules/.cache', { recursive: true });
  await writeFile(
    file,
    block
      .replace('http://127.0.0.1:3000', service.address)
      .replace("'script-state-client'", "'../../src/client/index.js'"),
  );
  ({ clientFor } = (await import(file)) as { clientFor: typeof clientFor });
});

/** Headers that describe a request to the front end's server, and would be wrong or rejected in another one. */
const others = {
  host: 'front-end.example',
  origin: 'https://front-end.example',
  'sec-fetch-site': 'cross-site',
  'content-length': '7',
  authorization: 'Bearer other',
};

test('a server calls as its user', async () => {
  const agent = await createSignedInUserAgent(service, 'reader');
  const cookie = agent.cookies().join('; ');
  const requestId = crypto.randomUUID();
  const request = new Request('http://front-end.example/', {
    headers: { ...others, cookie, 'x-request-id': requestId },
  });
  expect(await clientFor(request).session.current.query()).toMatchObject({ roles: ['reader'] });
  expect(service.lines({ requestId }).length).toBeGreaterThan(0);
});

test('a server calls as nobody without a cookie, and headers without a value are not sent', async () => {
  const request = new Request('http://front-end.example/', { headers: others });
  await expect(clientFor(request).session.current.query()).rejects.toMatchObject({
    data: { reason: 'SIGN_IN_REQUIRED' },
  });
  expect(service.lines({ requestId: 'undefined' })).toEqual([]);
});
