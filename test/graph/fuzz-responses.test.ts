import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { graphJson, internalHost, intuneText } from '../support/graph-responses.js';
import { type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
afterEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: '8d1f' } as const;

/** Words and keys that are searched for, at any place of any structure. */
const words = fc.constantFrom(
  'Forbidden',
  'Approval Required',
  'x-msft-approval-code: 6dc2cd1e-5d4a-4a3f-9d43-0d9ad8d8a3b1',
  'x-msft-approval-justification',
  'not applicable to target tenant',
  'CancelledOnServiceTimeout',
  '{"message":"{}"}',
  intuneText('An error has occurred'),
  '\uFEFF{}',
  '<html>',
);
const keys = fc.constantFrom(
  'error',
  'Error',
  'odata.error',
  'message',
  'Message',
  'innerError',
  'innererror',
  'details',
  'value',
  'code',
  'ErrorCode',
  'RetryAfter',
  'HttpHeaders',
  'request-id',
  '@odata.context',
  '__proto__',
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 6 }, words, fc.string(), fc.integer(), fc.constant(null), tie('list'), tie('record')),
  list: fc.array(tie('json'), { maxLength: 4 }),
  record: fc.dictionary(keys, tie('json'), { maxKeys: 5 }),
}));
const body = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify({ error: { code: 'BadRequest', message: JSON.stringify(value) } })),
  words,
  fc.string(),
);
// 408, 429 and 5xx are retried, which takes time.
const status = fc.constantFrom(
  200,
  201,
  203,
  204,
  206,
  300,
  302,
  307,
  400,
  401,
  402,
  403,
  404,
  405,
  407,
  409,
  410,
  412,
  423,
);
const headers = fc.record(
  {
    'request-id': fc.constantFrom('6f1c9e55-4b53-4f0e-9d35-8d3f1d9d4a10', 'not an id!'),
    'www-authenticate': fc.constantFrom('Bearer error="insufficient_claims", claims="e30="', 'Basic', ', ,='),
    'content-encoding': fc.constantFrom('gzip', 'br', 'identity', 'x'),
    'content-type': fc.constantFrom('text/html', 'application/json'),
  },
  { requiredKeys: [] },
);

test('every response without the state gives a reason of the contract, alone and in a batch', async () => {
  await fc.assert(
    fc.asyncProperty(status, headers, body, async (code, sent, text) => {
      const hasBody = ![204].includes(code);
      const response: GraphServerResponse = { status: code, headers: sent, ...(hasBody && { body: text }) };
      graph.respond(() => response);
      const client = createBatchClient(service).scriptUserState;
      const calls = ['1', '2'].map((id) => client.get.query({ ...script, userStateId: id }));
      calls.push(service.client.scriptUserState.get.query({ ...script, userStateId: '1' }));
      for (const data of await Promise.all(calls.map((call) => failure(call)))) {
        expect(data.reason).not.toBe('INTERNAL');
        expect(data.requestId).toMatch(/^[\w-]+$/);
        expect(data.message).not.toContain(internalHost);
        expect(data.message.length).toBeLessThan(600);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['words of approval', 'approval '.repeat(30_000)],
  ['time-outs', 'time '.repeat(30_000)],
  ['spaces after "scopes:"', `scopes:${' '.repeat(300_000)}`],
  ['digits', '1'.repeat(300_000)],
])('a long message of %s is read in time', async (_, text) => {
  const details = Array.from({ length: 20 }, () => ({ code: text.slice(0, 9_000), message: text.slice(0, 9_000) }));
  const innerError = { message: text, RetryAfter: text, details };
  const response = graphJson(400, { error: { code: text, message: text, innerError } });
  graph.respond(() => response);
  expect(await failure(service.client.scriptUserState.get.query({ ...script, userStateId: '1' }))).toMatchObject({
    reason: 'GRAPH_REJECTED',
  });
});
