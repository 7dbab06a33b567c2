import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usePair } from '../support/pair.js';
import { call, procedures, validInputs } from '../support/raw-calls.js';
import { useKnownState } from '../support/states.js';

const pair = usePair({ GRAPH_WRITES_PER_20S: '10000' }, { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
const known = useKnownState(pair);

/** The segments of a path in the journal without its query, each decoded once. */
const segments = (path: string) => (path.split('?')[0] ?? '').split('/').slice(1).map(decodeURIComponent);

describe('random inputs', () => {
  test.each([...procedures, 'session.current'])('%s never responds with 5xx', async (procedure) => {
    const value = fc.jsonValue();
    const field = fc.oneof(fc.constant(undefined), value);
    const nested = fc.record({
      successDeviceCount: field,
      errorDeviceCount: field,
      userPrincipalName: field,
      id: field,
    });
    const odd = fc.record({ scriptId: field, userStateId: field, cursor: field, patch: nested, userState: nested });
    const input = fc.oneof(
      value,
      odd,
      odd.map((more) => ({ ...validInputs['scriptUserState.update'], ...more })),
    );
    await fc.assert(
      fc.asyncProperty(input, async (some) => {
        expect((await call(pair.service, procedure, JSON.stringify(some))).status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
  });

  test.each(procedures.filter((name) => 'scriptId' in validInputs[name]))(
    '%s only requests paths in its collection',
    async (procedure) => {
      const part = fc.constantFrom(
        '.',
        '..',
        '/',
        '%2e',
        '%2F',
        '\\',
        ':',
        '?',
        '#',
        ';',
        '@',
        'a',
        '$batch',
        '\u0000',
        '．',
      );
      const tricky = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
      const safe = fc.stringMatching(/^[A-Za-z0-9._:-]{1,40}$/);
      const id = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), tricky, safe, safe);
      await fc.assert(
        fc.asyncProperty(id, id, async (some, other) => {
          const ids = { scriptId: some, ...('userStateId' in validInputs[procedure] && { userStateId: other }) };
          const { reason } = await call(pair.service, procedure, JSON.stringify({ ...validInputs[procedure], ...ids }));
          const requested = (await pair.simulator.journal()).map(({ path }) => segments(path));
          await pair.simulator.reset();
          if (reason === 'INVALID_INPUT') {
            expect(requested).toEqual([]);
            return;
          }
          const tail = [
            ...(procedure === 'deviceRunState.listForScript' ? [] : ['userRunStates']),
            ...('userStateId' in ids ? [other] : []),
            ...(procedure.startsWith('deviceRunState.') ? ['deviceRunStates'] : []),
          ];
          // A list of device states that is not found is requested again without the devices.
          const expected = ['beta', 'deviceManagement', 'deviceShellScripts', some, ...tail];
          expect(requested).toEqual(procedure.startsWith('deviceRunState.') ? [expected, expected] : [expected]);
        }),
        { numRuns: 100 },
      );
    },
  );
});

test('valid values are returned as they were sent', async () => {
  const { client } = pair.service;
  const count = fc.integer({ min: 0, max: 2_147_483_647 });
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 500 })
    .map((text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|^\s|\s$/gu, '_'));
  const anyPatch = fc
    .record({ successDeviceCount: count, errorDeviceCount: count, userPrincipalName: name }, { requiredKeys: [] })
    .filter((fields) => Object.keys(fields).length > 0);
  await fc.assert(
    fc.asyncProperty(anyPatch, async (fields) => {
      const updated = await client.scriptUserState.update.mutate({ ...known.target, patch: fields });
      expect(updated).toMatchObject(fields);
      expect(await client.scriptUserState.get.query(known.target)).toEqual(updated);
    }),
    { numRuns: 100 },
  );
});
