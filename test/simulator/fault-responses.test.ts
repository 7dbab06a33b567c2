import { expect, test } from 'vitest';
import { type SimulatorFault, simulatorFaults } from '../../src/simulator/faults/fault-names.js';
import {
  entity,
  graphError,
  intuneMessage,
  issuedToken,
  patch,
  pollOptions,
  type Reply,
  useSimulatedGraph,
} from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, entries } = simulated;

interface Expected {
  /** The status; `failed` if the connection fails, `none` if there is no response. */
  readonly response: number | 'failed' | 'none';
  readonly applied: boolean;
  /** The count that is stored, if it is not the one of the update. */
  readonly stored?: number;
  readonly check?: (reply: Reply) => void;
}
const expected = {
  throttled: { response: 429, applied: false, check: (reply) => expect(reply.headers.get('retry-after')).toBe('1') },
  'throttled-applied': { response: 429, applied: true },
  unavailable: { response: 503, applied: false, check: (reply) => expect(reply.headers.get('retry-after')).toBe('1') },
  'unavailable-bare': { response: 503, applied: false, check: (r) => expect(r.headers.get('retry-after')).toBeNull() },
  'server-error': {
    response: 500,
    applied: false,
    check: (reply) => {
      expect(intuneMessage(reply)).toMatch(/^An internal server error has occurred .* Activity ID: .* Url: https:/);
      expect(graphError.parse(reply.json).error.message).toContain('\\"Message\\"');
    },
  },
  'server-error-applied': { response: 500, applied: true },
  'bad-gateway': { response: 502, applied: false, check: (reply) => expect(reply.text).toMatch(/^<html>/) },
  'bad-gateway-applied': { response: 502, applied: true },
  'gateway-timeout': { response: 504, applied: false, check: (reply) => expect(reply.text).toMatch(/^<html>/) },
  'gateway-timeout-applied': { response: 504, applied: true },
  'service-timeout': {
    response: 503,
    applied: false,
    check: (reply) => expect(graphError.parse(reply.json).error.code).toBe('CancelledOnServiceTimeout'),
  },
  'proxy-page': {
    response: 403,
    applied: false,
    check: (reply) => expect([reply.headers.get('request-id'), reply.text.slice(0, 6)]).toEqual([null, '<html>']),
  },
  reset: { response: 'failed', applied: false },
  'reset-applied': { response: 'failed', applied: true },
  stall: { response: 'none', applied: false },
  'stall-applied': { response: 'none', applied: true },
  truncated: { response: 'failed', applied: true },
  latency: { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'no-content': { response: 204, applied: true },
  accepted: { response: 202, applied: true, check: (reply) => expect(reply.text).toBe('') },
  'accepted-unapplied': { response: 202, applied: false, check: (reply) => expect(reply.text).toBe('') },
  empty: { response: 200, applied: true, check: (reply) => expect(reply.text).toBe('') },
  wrapped: { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject({ value: patch }) },
  ignored: { response: 200, applied: false, check: (reply) => expect(reply.json).not.toMatchObject(patch) },
  'ignored-no-content': { response: 204, applied: false },
  clamped: {
    response: 200,
    applied: true,
    stored: 3,
    check: (reply) => expect(reply.json).toMatchObject({ successDeviceCount: 3 }),
  },
  'lower-case-name': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'other-id': {
    response: 200,
    applied: true,
    check: (reply) => expect(entity.parse(reply.json).id).toMatch(/^00000000-[0-9a-f-]{27}$/),
  },
  'upper-case-id': {
    response: 200,
    applied: true,
    check: (reply) => expect(entity.parse(reply.json).id).toMatch(/^[0-9A-F:-]{73}$/),
  },
  malformed: { response: 200, applied: true, check: (reply) => expect(reply.json).toBeUndefined() },
  incomplete: {
    response: 200,
    applied: true,
    check: (reply) => expect(Object.keys(entity.parse(reply.json))).not.toContain('successDeviceCount'),
  },
  'byte-order-mark': {
    response: 200,
    applied: true,
    // The decoder of fetch removes the mark.
    check: (reply) => expect(reply.json).toMatchObject(patch),
  },
  compressed: {
    response: 200,
    applied: true,
    check: (reply) => expect(reply.headers.get('content-encoding')).toBe('gzip'),
  },
  'unreadable-entry': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'null-counts': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'repeated-entry': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  oversized: {
    response: 200,
    applied: true,
    check: (reply) => {
      expect(reply.text.length).toBeGreaterThan(4 * 1024 * 1024);
      expect(reply.json).toMatchObject(patch);
    },
  },
  redirect: {
    response: 302,
    applied: false,
    check: (reply) =>
      expect(reply.headers.get('location')).toBe(`${simulated.simulator.baseUrl}${simulated.statePath}`),
  },
  rejected: { response: 400, applied: false, check: (reply) => expect(intuneMessage(reply)).toContain('acceptable') },
  conflict: { response: 409, applied: false },
  'condition-not-met': {
    response: 412,
    applied: false,
    check: (reply) =>
      expect([reply.headers.get('x-msft-approval-code'), intuneMessage(reply).match(/approval/i)]).toEqual([
        null,
        null,
      ]),
  },
  locked: { response: 423, applied: false },
  'not-found': { response: 404, applied: false },
  'route-not-implemented': {
    response: 400,
    applied: false,
    check: (reply) => expect(reply.text).toContain('No method match route template'),
  },
  'segment-not-found': {
    response: 400,
    applied: false,
    check: (reply) => expect(reply.text).toContain("Resource not found for the segment 'deviceShellScripts'"),
  },
  'method-not-allowed': { response: 405, applied: false },
  'not-implemented': { response: 501, applied: false },
  'tenant-not-applicable': {
    response: 400,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toMatch(/^Request not applicable to target tenant/),
  },
  'forbidden-application': {
    response: 403,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toContain('following scopes: DeviceManagementScripts.ReadWrite.All'),
  },
  'forbidden-user': {
    response: 403,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toMatch(/^User is not authorized to perform this operation/),
  },
  'forbidden-nested': {
    response: 401,
    applied: false,
    check: (reply) => {
      expect(graphError.parse(reply.json).error).toMatchObject({ code: 'UnknownError' });
      expect(reply.text).toContain('\\"ErrorCode\\":\\"Forbidden\\"');
      expect(reply.headers.get('www-authenticate')).toBeNull();
    },
  },
  'token-expired': { response: 401, applied: false },
  'claims-challenge': { response: 401, applied: false },
  'approval-required': {
    response: 400,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toContain('x-msft-approval-justification'),
  },
  'approval-pending': {
    response: 412,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toContain(reply.headers.get('x-msft-approval-code')),
  },
  'approval-pending-text': {
    response: 403,
    applied: false,
    check: (reply) => {
      expect(reply.headers.get('x-msft-approval-code')).toBeNull();
      expect(intuneMessage(reply)).toMatch(/^Approval Required\. x-msft-approval-code: [0-9a-f-]{36}/);
    },
  },
  'approval-exists': {
    response: 409,
    applied: false,
    check: (reply) => expect(intuneMessage(reply)).toContain('An active Approval Request already exists'),
  },
  'next-link-loop': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'next-link-foreign': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'batch-item-missing': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'batch-item-twice': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'batch-item-foreign': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  'batch-item-bare': { response: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  custom: {
    response: 200,
    applied: false,
    check: (reply) => expect([reply.text, reply.headers.get('content-type')]).toEqual(['', expect.any(String)]),
  },
} satisfies Record<SimulatorFault, Expected>;
const cases = simulatorFaults.map((fault): [SimulatorFault, Expected] => [fault, expected[fault]]);

test.each(cases)('an update with the fault %s', async (fault, { response, applied, stored = 77, check }) => {
  const controller = new AbortController();
  const before = entity.parse((await graph(simulated.statePath)).json);
  await control('DELETE', '/journal');

  const headers = { 'x-simulator-fault': `${fault};${fault === 'latency' ? 'delayMs=1' : 'retryAfter=seconds'}` };
  const request = graph(simulated.statePath, { method: 'PATCH', body: patch, headers, signal: controller.signal });
  const outcome = request.catch(() => 'failed' as const);
  await expect.poll(async () => (await entries()).map((entry) => entry['fault']), pollOptions).toEqual([fault]);
  await expect.poll(async () => (await entries())[0]?.applied, pollOptions).toBe(applied);
  if (response === 'none') controller.abort();
  const reply = await outcome;

  expect(reply === 'failed' ? 'failed' : reply.status).toBe(response === 'none' ? 'failed' : response);
  if (reply !== 'failed') check?.(reply);
  const status = fault === 'truncated' ? 200 : typeof response === 'number' ? response : null;
  expect(await entries()).toMatchObject([{ fault, status, applied }]);

  const { token: fresh } = issuedToken.parse((await control('POST', '/token', {})).json);
  const after = entity.parse((await graph(simulated.statePath, { token: fresh })).json);
  expect(after['successDeviceCount']).toBe(applied ? stored : before['successDeviceCount']);
});
