import { beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { readSchemas, type SchemaValidator } from '../support/json-schemas.js';
import { usePair } from '../support/pair.js';
import { call, type Procedure, procedures, validInputs } from '../support/raw-calls.js';
import { useKnownState } from '../support/states.js';

// Each call of `listForUser` reads many states, and reads beyond a user's share are paced.
const pair = usePair(
  { GRAPH_WRITES_PER_20S: '10000', GRAPH_DEADLINE_MS: '30000' },
  { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 },
);
const known = useKnownState(pair);
let schemas: SchemaValidator;

beforeAll(async () => {
  schemas = await readSchemas(pair.service);
});

/** Whether a value can be invalid although its JSON Schema accepts it: only the service can read a cursor. */
const isCursor = ([name]: readonly string[], value: unknown) =>
  name === 'cursor' && typeof value === 'string' && value !== '';

/** Copies `input` with the value at one path replaced; `undefined` removes it. */
function withValue(input: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const fields = new Map<string, unknown>(Object.entries(input ?? {}));
  fields.set(name, withValue(fields.get(name), rest, value));
  // Unlike assignment, `fromEntries` can define a field with the name `__proto__`.
  return Object.fromEntries(fields);
}

const otherTypes = [null, true, 7, [], {}, ['deviceShellScript']];
const badIds = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a%2Fb',
  'a\\b',
  'a b',
  'ä',
  'a?b',
  'a#b',
  "a'b",
  'a\u0000',
  'a\n',
  'x'.repeat(257),
];
const goodIds = [
  'a',
  '...',
  '.a',
  'a:b',
  'A-Z_0.9:',
  'x'.repeat(256),
  '__proto__',
  'b19e3078-3078-b19e-7830-9eb178309eb1',
];
const badCounts = [-1, 0.5, 2_147_483_648, 1e300, '1', null, true, [], {}];
const goodCounts = [0, 1, 2_147_483_647];
// Zero-width, bidirectional and other invisible characters, and half of a surrogate pair.
const invisible = ['\u200b', '\u200d', '\ufeff', '\u202e', '\u2066', '\u200f', '\u00ad', '\u2028', '\ud800'];
const badNames = [
  '',
  'x'.repeat(1025),
  'a\u0000b',
  'a\nb',
  'a\u0085',
  '\u007f',
  null,
  7,
  [],
  {},
  ...invisible.flatMap((character) => [`a${character}b`, `${character}a`, `a${character}`]),
  ...[' ', '\u00a0', '\u3000', '\t'].flatMap((space) => [space, `${space}a`, `a${space}`]),
];
const goodNames = [
  'x',
  'x'.repeat(1024),
  'no address',
  'a\u00a0b',
  'e\u0301',
  'Zoë@contoso.example',
  '名前 😀',
  "'; --",
  '<b>',
  '%2F',
];

const counts = ['successDeviceCount', 'errorDeviceCount'] as const;
const withKind = procedures.filter((name) => 'scriptKind' in validInputs[name]);
const withScript = procedures.filter((name) => 'scriptId' in validInputs[name]);
const withState = procedures.filter((name) => 'userStateId' in validInputs[name]);
const withApproval = ['scriptUserState.update', 'scriptUserState.create', 'scriptUserState.delete'] as const;
const withExpected = ['scriptUserState.update', 'scriptUserState.delete'] as const;
const badExpectedCounts = [0.5, 2_147_483_648, -2_147_483_649, 1e300, '1', null, true, [], {}];
const withCursor = [
  'script.list',
  'script.overview',
  'scriptUserState.list',
  'scriptUserState.listForUser',
  'deviceRunState.list',
  'deviceRunState.listForScript',
] as const;
/** Procedures that succeed with any ids. */
const withScripts: readonly Procedure[] = ['script.list', 'script.overview', 'scriptUserState.listForUser'];

type Rule = readonly [
  procedure: Procedure,
  path: readonly string[],
  bad: readonly unknown[],
  goods: readonly unknown[],
];
const rules: readonly Rule[] = [
  ...withKind.map(
    (name): Rule => [
      name,
      ['scriptKind'],
      [...otherTypes, undefined, 'deviceShellScripts', 'toString', '__proto__'],
      ['deviceShellScript', 'deviceManagementScript', 'deviceCustomAttributeShellScript'],
    ],
  ),
  ...withScript.map((name): Rule => [name, ['scriptId'], [...otherTypes, ...badIds, undefined], goodIds]),
  ...withState.map((name): Rule => [name, ['userStateId'], [...otherTypes, ...badIds, undefined], goodIds]),
  ...withCursor.map(
    (name): Rule => [name, ['cursor'], [null, 7, [], {}, '', 'x'.repeat(16_385), 'made up'], [undefined]],
  ),
  [
    'scriptUserState.listForUser',
    ['userId'],
    [...otherTypes, ...badIds, 'script:user', 'x'.repeat(129), undefined],
    ['a', 'x'.repeat(128), crypto.randomUUID()],
  ],
  ...counts.flatMap((name): readonly Rule[] => [
    ['scriptUserState.update', ['patch', name], badCounts, goodCounts],
    ['scriptUserState.create', ['userState', name], [...badCounts, undefined], goodCounts],
  ]),
  ['scriptUserState.update', ['patch', 'userPrincipalName'], badNames, goodNames],
  ['scriptUserState.create', ['userState', 'userPrincipalName'], [...badNames, undefined], goodNames],
  ['scriptUserState.create', ['userState', 'id'], [...otherTypes, ...badIds], [...goodIds, undefined]],
  ['scriptUserState.create', ['userState'], [null, 7, 'text', [], undefined], []],
  ['scriptUserState.update', ['patch'], [null, 7, 'text', [], {}, undefined], []],
  ...withApproval.flatMap((name): readonly Rule[] => [
    [name, ['approval'], [null, 7, 'text', [], {}, { justification: 'x', code: 'x' }], [undefined]],
    [name, ['approval', 'justification'], [null, 7, '', 'x'.repeat(1025)], ['x', 'ü'.repeat(1024), 'two\nlines']],
    [name, ['approval', 'code'], [...otherTypes, ...badIds, 'a\r\nx-more: 1'], [crypto.randomUUID()]],
  ]),
  ...withExpected.flatMap((name): readonly Rule[] => [
    [name, ['expected'], [null, 7, 'text', [], {}], [undefined]],
    ...counts.map((count): Rule => [name, ['expected', count], badExpectedCounts, [...goodCounts, -1]]),
    [name, ['expected', 'userPrincipalName'], [7, [], {}, 'x'.repeat(1025)], [null, '', ' a\u200b', 'x'.repeat(1024)]],
  ]),
];

describe('invalid inputs are rejected with their path, and nothing is sent to Graph', () => {
  test.each(rules)('%s: %j', async (procedure, path, bad) => {
    for (const value of bad) {
      const input = JSON.stringify(withValue(validInputs[procedure], path, value));
      const { status, reason, issues } = await call(pair.service, procedure, input);
      expect({ input, status, reason }).toEqual({ input, status: 400, reason: 'INVALID_INPUT' });
      expect(schemas.acceptsInput(procedure, input), input).toBe(isCursor(path, value));
      const paths = issues?.map((issue) => issue.path.slice(0, path.length));
      expect(paths, input).toContainEqual(path);
    }
    expect(await pair.simulator.journal()).toEqual([]);
  });

  test.each<[Procedure, readonly string[]]>([
    ...procedures.map((name): [Procedure, readonly string[]] => [name, []]),
    ['scriptUserState.update', ['patch']],
    ...withApproval.map((name): [Procedure, readonly string[]] => [name, ['approval']]),
    ...withExpected.map((name): [Procedure, readonly string[]] => [name, ['expected']]),
    ['scriptUserState.create', ['userState']],
  ])('%s: an unknown key in %j', async (procedure, path) => {
    for (const key of ['more', 'patch.id', '@odata.type', '__proto__', 'constructor', 'toString']) {
      const input = JSON.stringify(withValue(validInputs[procedure], [...path, key], {}));
      const { status, issues } = await call(pair.service, procedure, input);
      expect(schemas.acceptsInput(procedure, input), input).toBe(false);
      expect({ key, status, issues }).toMatchObject({ key, status: 400 });
      expect(issues?.map((issue) => issue.path)).toContainEqual(path);
    }
    expect(await pair.simulator.journal()).toEqual([]);
  });

  test.each(procedures)('%s: an input that is not an object', async (procedure) => {
    for (const input of ['', 'null', '7', '"text"', '[]', 'true', `[${JSON.stringify(validInputs[procedure])}]`]) {
      expect({ input, ...(await call(pair.service, procedure, input)) }).toMatchObject({
        input,
        status: 400,
        reason: 'INVALID_INPUT',
      });
      if (input !== '') expect(schemas.acceptsInput(procedure, input), input).toBe(false);
    }
    expect(await pair.simulator.journal()).toEqual([]);
  });
});

test.each(rules.filter(([, , , goods]) => goods.length > 0))('%s: a valid %j is sent to Graph', async (...rule) => {
  const [procedure, path, , goods] = rule;
  for (const value of goods) {
    const input = JSON.stringify(withValue(validInputs[procedure], path, value));
    expect(schemas.acceptsInput(procedure, input), input).toBe(true);
    // These scripts do not exist: the request to Graph shows that the input was accepted.
    expect({ input, ...(await call(pair.service, procedure, input)) }).toMatchObject({
      input,
      ...(withScripts.includes(procedure) ? { status: 200 } : { status: 404, reason: 'GRAPH_NOT_FOUND' }),
    });
  }
  // A page of scripts is followed by requests for each of them: in batches, or one by one if they are paced.
  const journal = await pair.simulator.journal();
  const single = journal.filter((entry) => entry.batch === null && !entry.path.endsWith('$batch'));
  // A list of device states that is not found is requested again without the devices.
  const isFurther = (sent: string) =>
    (sent.includes('deviceRunStates') && !sent.includes('$expand')) ||
    (withScripts.includes(procedure) && /userRunStates|runSummary/.test(sent));
  const first = single.filter(({ path: sent }) => !isFurther(sent));
  expect(first).toHaveLength(goods.length);
});

test('an empty patch is rejected although the types allow it', async () => {
  const { update } = pair.service.client.scriptUserState;
  expect(await failure(update.mutate({ ...known.target, patch: {} }))).toMatchObject({ reason: 'INVALID_INPUT' });
});

test.each<[Procedure, unknown, readonly string[], string]>([
  ['scriptUserState.list', undefined, [], 'is required'],
  ['scriptUserState.list', [], [], 'must be an object'],
  ['scriptUserState.list', { scriptKind: 'deviceShellScript' }, ['scriptId'], 'is required'],
  ['scriptUserState.list', { scriptKind: 'deviceShellScript', scriptId: 7 }, ['scriptId'], 'must be a string'],
  ['scriptUserState.get', {}, ['scriptKind'], 'is required'],
  [
    'scriptUserState.get',
    { scriptKind: 'other' },
    ['scriptKind'],
    'must be one of deviceShellScript, deviceManagementScript, deviceCustomAttributeShellScript',
  ],
  ['scriptUserState.get', { more: 1, others: 2 }, [], 'must not have unknown fields'],
  ['scriptUserState.update', { patch: {} }, ['patch'], 'must have at least one field'],
  [
    'scriptUserState.update',
    { patch: { errorDeviceCount: 0.5 } },
    ['patch', 'errorDeviceCount'],
    'must be a whole number',
  ],
  ['scriptUserState.update', { patch: { errorDeviceCount: -1 } }, ['patch', 'errorDeviceCount'], 'must be 0 or more'],
  [
    'scriptUserState.update',
    { patch: { errorDeviceCount: 2 ** 31 } },
    ['patch', 'errorDeviceCount'],
    'must be at most 2147483647',
  ],
  ['scriptUserState.update', { patch: { userPrincipalName: '' } }, ['patch', 'userPrincipalName'], 'must not be empty'],
  [
    'scriptUserState.update',
    { patch: { userPrincipalName: 'x'.repeat(1025) } },
    ['patch', 'userPrincipalName'],
    'must have at most 1024 characters',
  ],
])('%s: %j has at %j the message: %s', async (procedure, input, path, message) => {
  const { issues } = await call(pair.service, procedure, input === undefined ? '' : JSON.stringify(input));
  expect(issues).toContainEqual({ path, message });
});
