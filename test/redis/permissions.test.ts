import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { grantCommand } from '../../src/redis/probe.js';
import { RedisError } from '../../src/redis/redis-error.js';
import { Secret } from '../../src/secret.js';
import { rowsOf } from '../support/bulk.js';
import { delegated, signInUser } from '../support/delegated.js';
import { runDoctor } from '../support/doctor.js';
import { failure } from '../support/failure.js';
import { startProvider } from '../support/provider.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, type TestService, untilReady } from '../support/service.js';
import { startTestSimulator, stopWithSimulator } from '../support/simulator.js';
import { manyStates } from '../support/states.js';

const user = 'bff';
const password = 'a-password-of-the-tests-own';

/** Why Redis does not work for the service, or `undefined` if it works. */
async function problemOf(url: string): Promise<RedisError | undefined> {
  const redis: Redis = createRedis(new Secret(url), createLog('silent'));
  let problem: RedisError | undefined;
  try {
    await expect
      .poll(async () => {
        problem = await redis.check().then(() => undefined, requireRedisError);
        return problem === undefined || problem.isDenied;
      })
      .toBe(true);
    return problem;
  } finally {
    await redis.close();
  }
}

function requireRedisError(error: unknown): RedisError {
  if (error instanceof RedisError) return error;
  throw error;
}

describeWithRedis('the permissions of the Redis user', () => {
  const server = useRedis();
  const address = () => server.url.replace('redis://', `redis://${user}:${password}@`);
  const setUser = (...rules: string[]) =>
    server.inspect.sendCommand(['ACL', 'SETUSER', user, 'reset', 'on', `>${password}`, ...rules]);

  /** The rules that the doctor prints for a user without any. */
  async function printedRules(url = address()): Promise<readonly string[]> {
    await setUser();
    const { code, steps, printed } = await runDoctor({ REDIS_URL: url });
    expect([code, steps.at(-1)]).toEqual([1, 'FAIL redis']);
    expect(printed).toContain('NOPERM');
    expect(printed).not.toContain(password);
    const line = /ACL SETUSER bff (.+)/.exec(printed)?.[1] ?? expect.fail(printed);
    return line.trim().split(' ');
  }

  test('the rules that the doctor prints are sufficient, and none of them is superfluous', async () => {
    const rules = await printedRules();
    await setUser(...rules);
    expect((await runDoctor({ REDIS_URL: address() })).steps).toContain('ok redis');
    expect(await problemOf(address())).toBeUndefined();
    const problems = rules.map(async (rule, index) => {
      const name = `without-${index}`;
      const others = rules.filter((each) => each !== rule);
      await server.inspect.sendCommand(['ACL', 'SETUSER', name, 'on', `>${password}`, ...others]);
      const problem = await problemOf(server.url.replace('redis://', `redis://${name}:${password}@`));
      return [problem?.code, problem?.missingRules];
    });
    expect(await Promise.all(problems)).toEqual(rules.map((rule) => ['NOPERM', [rule]]));
  });

  test('a database other than the first one requires one more', async () => {
    const url = `${address()}/1`;
    const rules = await printedRules(url);
    expect(rules).toContain('+select');
    await setUser(...rules);
    expect(await problemOf(url)).toBeUndefined();
    await setUser(...rules.filter((rule) => rule !== '+select'));
    expect(await problemOf(url)).toMatchObject({ code: 'NOPERM', missingRules: ['+select'] });
  });

  test('are sufficient for sign-in, calls and sign-out', async () => {
    await setUser(...(await printedRules()));
    await server.inspect.sendCommand(['ACL', 'LOG', 'RESET']);
    const simulator = await startTestSimulator();
    const provider = await startProvider({ register: (token) => simulator.register(token) });
    const service = await startTestService({
      ...delegated(simulator, provider),
      GRAPH_DEADLINE_MS: '60000',
      REDIS_URL: address(),
    });
    try {
      await untilReady(service.address);
      const { agent, client } = await signInUser(service, provider.issuer);
      const rows = rowsOf(await manyStates({ client }, 3), 10);
      await Promise.all(rows.map((row) => client.scriptUserState.update.mutate(row)));
      const { jobId } = await client.updateJob.start.mutate({ updates: rows });
      await expect.poll(async () => (await client.updateJob.get.query({ jobId })).state).toBe('done');
      expect(await client.updateJob.list.query({})).toMatchObject({ items: [{ jobId }] });
      expect(await agent.signOut()).toMatchObject({ status: 200 });
      expect(await server.inspect.sendCommand(['ACL', 'LOG'])).toEqual([]);
    } finally {
      await stopWithSimulator(simulator, service, provider);
    }
  });

  describe('of a running service', () => {
    const rules = grantCommand(user, 0).split(' ').slice(3);
    // Calls that wait for their deadline would exceed the time limit of the test.
    let service: TestService;
    beforeEach(async () => {
      await setUser(...rules);
      service = await startTestService({ REDIS_URL: address(), GRAPH_DEADLINE_MS: '600000' });
      await untilReady(service.address);
    });
    afterEach(() => service.stop());

    const status = async () => (await fetch(`${service.address}/readyz`)).status;
    const update = async () => {
      const [row] = rowsOf(await manyStates(service, 1), 1);
      return service.client.scriptUserState.update.mutate(row ?? expect.fail('no row'));
    };

    test.each([
      ['EVAL', '-eval', '+eval'],
      ['EVALSHA', '-evalsha', '+evalsha'],
      ['a command of a script', '-lpos', '+lpos'],
      ['the keys', 'resetkeys', '~script-state-bff:*'],
      ['the channels', 'resetchannels', '&script-state-bff:*'],
      ['SUBSCRIBE', '-subscribe', '+subscribe'],
    ])('without those for %s it is not ready, and says what is missing', async (_, change, missing) => {
      await server.inspect.sendCommand(['ACL', 'SETUSER', user, change]);
      // Redis closes the connections of subscribers that have lost a channel. The permission for SUBSCRIBE is used
      // next.
      if (change === '-subscribe') await server.inspect.sendCommand(['CLIENT', 'KILL', 'USER', user]);
      await expect.poll(status).toBe(503);
      await expect
        .poll(() => service.lines({ cause: 'NOPERM' }))
        .toMatchObject([{ level: 50, missing: [missing], msg: expect.stringContaining('npm run doctor') as string }]);
      await server.inspect.sendCommand(['ACL', 'SETUSER', user, ...rules]);
      await expect.poll(status).toBe(200);
      expect(await update()).toHaveProperty('id');
    });

    test('calls fail at once', async () => {
      const row = rowsOf(await manyStates(service, 1), 1)[0] ?? expect.fail('no row');
      await server.inspect.sendCommand(['ACL', 'SETUSER', user, '-evalsha']);
      const error = await failure(service.client.scriptUserState.update.mutate(row));
      expect(error).toMatchObject({ reason: 'OVERLOADED', httpStatus: 503 });
      expect(await failure(service.client.script.list.query({ scriptKind: 'deviceShellScript' }))).toMatchObject({
        reason: 'OVERLOADED',
      });
      expect(service.lines({ cause: 'NOPERM' })).toMatchObject([{ missing: ['+evalsha'] }]);
    });

    test.each([
      ['a wrong password', [`<${password}`, '>another'], 'WRONGPASS'],
      ['a user that is off', ['off'], 'WRONGPASS'],
    ])('with %s calls fail at once, and the log says so', async (_, change, cause) => {
      const row = rowsOf(await manyStates(service, 1), 1)[0] ?? expect.fail('no row');
      await server.inspect.sendCommand(['ACL', 'SETUSER', user, ...change]);
      await server.inspect.sendCommand(['CLIENT', 'KILL', 'USER', user]);
      await expect.poll(() => service.lines({ cause })).toHaveLength(1);
      expect(service.lines({ cause })).toMatchObject([
        { level: 50, msg: expect.stringContaining('REDIS_URL') as string },
      ]);
      expect(await status()).toBe(503);
      const error = await failure(service.client.scriptUserState.update.mutate(row));
      expect(error).toMatchObject({ reason: 'OVERLOADED', httpStatus: 503 });
    });
  });

  test('without a password for a server that requires one, the log and the doctor say so', async () => {
    await server.inspect.configSet('requirepass', password);
    const service = await startTestService({ REDIS_URL: server.url });
    try {
      await expect.poll(() => service.lines({ cause: 'NOAUTH' })).toHaveLength(1);
      expect((await fetch(`${service.address}/readyz`)).status).toBe(503);
      const { printed } = await runDoctor({ REDIS_URL: server.url });
      expect(printed).toMatch(/NOAUTH.*\n.*REDIS_URL/);
    } finally {
      await service.stop();
      await server.inspect.configSet('requirepass', '');
    }
  });
});
