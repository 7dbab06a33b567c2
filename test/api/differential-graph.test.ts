import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import {
  batch,
  either,
  full,
  get,
  inputsOf,
  invalidInput,
  list,
  post,
  useComparedApps,
} from '../support/compared-apps.js';
import type { FaultRule } from '../support/controls.js';

const { apps, expectSame } = useComparedApps();

describe('both handlers convert responses of Graph equally:', () => {
  const base = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'before@contoso.example' };

  const read = () => post('scriptUserState.get', JSON.stringify(apps.known));
  const update = (more: object = {}) =>
    post('scriptUserState.update', JSON.stringify({ ...apps.known, patch: full, ...more }));
  const calls = { GET: read, PATCH: update };

  /** Resets the state and the fault rules. */
  const beginWith = (rules: readonly FaultRule[]) => async () => {
    await apps.simulator.reset();
    const before = await apps.own.send(post('scriptUserState.update', JSON.stringify({ ...apps.known, patch: base })));
    expect(before.status).toBe(200);
    await apps.simulator.reset();
    await apps.simulator.fault(...rules);
  };

  const always = { times: 'always', delayMs: 17_000 } as const;

  test.each<[FaultRule['fault'], ...('GET' | 'PATCH')[]]>([
    ['throttled', 'GET', 'PATCH'],
    ['throttled-applied', 'PATCH'],
    ['unavailable', 'GET', 'PATCH'],
    ['server-error', 'GET', 'PATCH'],
    ['server-error-applied', 'PATCH'],
    ['bad-gateway', 'PATCH'],
    ['reset', 'PATCH'],
    ['reset-applied', 'PATCH'],
    ['truncated', 'PATCH'],
    ['no-content', 'GET', 'PATCH'],
    ['accepted', 'PATCH'],
    ['empty', 'GET'],
    ['wrapped', 'GET', 'PATCH'],
    ['malformed', 'GET'],
    ['incomplete', 'GET'],
    ['oversized', 'GET'],
    ['redirect', 'GET', 'PATCH'],
    ['rejected', 'GET', 'PATCH'],
    ['conflict', 'GET', 'PATCH'],
    ['not-found', 'GET', 'PATCH'],
    ['route-not-implemented', 'GET', 'PATCH'],
    ['forbidden-application', 'GET', 'PATCH'],
    ['forbidden-user', 'GET', 'PATCH'],
    ['token-expired', 'GET', 'PATCH'],
    ['approval-required', 'PATCH'],
    ['approval-pending', 'PATCH'],
  ])('%s', async (fault, ...methods) => {
    for (const method of methods)
      await expectSame([calls[method]()], { begin: beginWith([{ ...always, fault, method }]) });
  });

  test.each(['seconds', 'fractional', 'nested'] as const)('Retry-After: %s', async (retryAfter) => {
    const fault = { ...always, fault: 'throttled', method: 'GET', retryAfter, delayMs: 4_500 } as const;
    await expectSame([read()], { begin: beginWith([fault]) });
  });

  test('no response before the deadline', async () => {
    await beginWith([{ ...always, fault: 'stall', method: 'GET' }])();
    const [own, stock] = await Promise.all([apps.own.send(read()), apps.stock.send(read())]);
    expect(own).toEqual(stock);
    expect(own.status).toBe(504);
  });

  test('one failure before success', async () => {
    const once = { fault: 'unavailable', method: 'GET', delayMs: 10 } as const;
    expect(await expectSame([read()], { begin: beginWith([once]) })).toEqual([200]);
  });

  test('a batch whose calls end differently: Retry-After is the longest wait', async () => {
    const target = (userStateId: string) => ({ ...apps.known, userStateId });
    const rules = [
      { ...always, fault: 'throttled', path: 'state-a', delayMs: 8_000 },
      { ...always, fault: 'throttled', path: 'state-b', delayMs: 11_000 },
      { ...always, fault: 'forbidden-application', path: 'state-c' },
      { ...always, fault: 'unavailable', path: 'state-d', delayMs: 9_500 },
      { ...always, fault: 'rejected', path: 'state-e' },
    ] as const satisfies readonly FaultRule[];
    const ids = ['state-a', 'state-b', 'state-c', apps.known.userStateId, 'state-d', 'state-e', '../x'];
    const reads = [...ids.map(() => 'scriptUserState.get'), 'nothing', 'session.current'];
    const writes = [...ids.map(() => 'scriptUserState.update'), 'nothing', 'scriptUserState.delete'];
    const readBatch = inputsOf(ids.map(target));
    const writeBatch = inputsOf(ids.map((id) => ({ ...target(id), patch: full })));
    const all = [...either(batch(reads), readBatch), post(batch(writes), writeBatch)];
    expect(await expectSame(all, { begin: beginWith(rules) })).toEqual([207, 207, 207]);
    expect((await apps.own.send(get(batch(reads), readBatch))).headers).toMatchObject({ 'retry-after': '11' });
    const throttled = batch(Array<string>(2).fill('scriptUserState.get'));
    expect(
      await expectSame(either(throttled, inputsOf([target('state-a'), target('state-b')])), {
        begin: beginWith(rules),
      }),
    ).toEqual([429, 429]);
  });

  test('lists and their next page', async () => {
    const { scriptKind, scriptId } = apps.known;
    await expectSame([
      ...either('script.list', list),
      ...either('scriptUserState.list', JSON.stringify({ scriptKind, scriptId })),
      ...either('deviceRunState.list', JSON.stringify(apps.known)),
      ...either(
        'script.list,scriptUserState.list,deviceRunState.list?batch=1',
        inputsOf([invalidInput, { scriptKind, scriptId }, apps.known]),
      ),
    ]);
    const path = `/trpc/script.list?input=${encodeURIComponent(list)}`;
    const { body } = (await supertest(apps.own.address).get(path).set('x-csrf', '1')) as {
      body: { result: { data: { nextCursor: string } } };
    };
    const { nextCursor: cursor } = body.result.data;
    expect(await expectSame(either('script.list', JSON.stringify({ scriptKind, cursor })))).toEqual([200, 200]);
  });

  test('create and delete: once, twice, and of a state that does not exist', async () => {
    const { scriptKind, scriptId } = apps.known;
    const mine = { scriptKind, scriptId, userStateId: 'made-here' };
    const create = post(
      'scriptUserState.create',
      JSON.stringify({ scriptKind, scriptId, userState: { ...full, id: 'made-here' } }),
    );
    const unmake = post('scriptUserState.delete', JSON.stringify(mine));
    const make = () => apps.own.send(create);
    const remove = () => apps.own.send(unmake);
    expect(await expectSame([create], { begin: remove })).toEqual([200]);
    expect(await expectSame([create], { begin: make })).toEqual([409]);
    expect(await expectSame([unmake], { begin: make })).toEqual([200]);
    expect(await expectSame([unmake], { begin: remove })).toEqual([404]);
    expect(await expectSame([update(), post('scriptUserState.update', '{}')])).toEqual([200, 400]);
  });

  test('20 updates in one batch, in order', async () => {
    const updates = Array.from({ length: 20 }, (_, index) => ({
      ...(index % 2 === 0 ? apps.known : apps.other),
      patch: { ...full, successDeviceCount: index },
    }));
    const sent = post(batch(updates.map(() => 'scriptUserState.update')), inputsOf(updates));
    const requestsBy = async (handler: 'own' | 'stock') => {
      await apps.simulator.reset();
      expect((await apps[handler].send(sent)).status).toBe(200);
      return (await apps.simulator.journal()).map(({ method, path, body, batchItem }) => [
        method,
        path,
        batchItem === null && path.endsWith('$batch') ? null : body,
      ]);
    };
    expect(await expectSame([sent])).toEqual([200]);
    expect(await requestsBy('own')).toEqual(await requestsBy('stock'));
  });

  test('an approval that Graph requires', async () => {
    await apps.simulator.settings({ approval: true });
    try {
      const sent = [
        update(),
        update({ approval: { justification: 'as agreed' } }),
        update({ approval: { code: 'made-up' } }),
        update({ approval: { justification: '' } }),
        post(
          'scriptUserState.update,scriptUserState.delete?batch=1',
          inputsOf([{ ...apps.known, patch: full }, apps.other]),
        ),
      ];
      // Otherwise the second handler would file the same change again.
      expect(await expectSame(sent, { begin: () => apps.simulator.clearApprovals() })).toEqual([
        428, 412, 403, 400, 428,
      ]);
    } finally {
      await apps.simulator.settings({ approval: false });
    }
  });
});
