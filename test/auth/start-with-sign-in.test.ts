import { beforeEach, expect, test } from 'vitest';
import { clientWith } from '../support/clients.js';
import { createControls } from '../support/controls.js';
import { CookieClient } from '../support/cookie-client.js';
import { failure } from '../support/failure.js';
import { addressOf, usePrograms } from '../support/program.js';
import { findState } from '../support/states.js';

const startProgram = usePrograms('test');
let address: string;
let simulator: string;

/** Like `SIGN_IN=oidc npm start`, on a free port. */
beforeEach(async () => {
  const program = startProgram('dist/main.js', { SIGN_IN: 'oidc', PORT: '0' });
  address = await addressOf(program);
  simulator = /http:[^ ]+(?=\/simulator)/.exec(await program.line('SIMULATED DATA'))?.[0] ?? '';
});

test.each([
  ['operator', 'Olga Operator', ['reader', 'operator']],
  ['reader', 'Ravi Reader', ['reader']],
])('with SIGN_IN=oidc alone, the %s of the simulator can sign in and make calls', async (person, name, roles) => {
  const origin = `http://localhost:${new URL(address).port}`;
  const browser = new CookieClient({ [origin]: address, [simulator]: simulator });
  const client = clientWith({ address }, () => browser.cookies('localhost'));
  expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });

  const login = await browser.open(`${origin}/auth/sign-in`);
  expect(login.url.origin).toBe(simulator);
  expect((await browser.open(login.url, { person })).url.href).toBe(`${origin}/`);
  expect(await client.session.current.query()).toMatchObject({ user: { name }, roles, graph: 'simulator' });

  const { target, state } = await findState({ ...createControls(simulator), baseUrl: `${simulator}/beta` });
  expect(await client.scriptUserState.get.query(target)).toEqual(state);
  const updated = client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: 7 } });
  if (person === 'operator') expect(await updated).toEqual({ ...state, successDeviceCount: 7 });
  else expect(await failure(updated)).toMatchObject({ reason: 'ROLE_MISSING' });
});
