import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { reasonCodes } from '../../src/api/errors.js';
import { procedures } from '../../src/api/router.js';
import { rowsOf, startMany } from '../support/bulk.js';
import { createCertificate } from '../support/certificate.js';
import { createBatchClient } from '../support/clients.js';
import { codeIn, readPage, tableRows } from '../support/documentation.js';
import { failure } from '../support/failure.js';
import { usePair } from '../support/pair.js';
import { describeWithRedis, startRedis } from '../support/redis.js';
import { type Sample, scrape, total } from '../support/scrape.js';
import { canaryToken, liveSettings, startTestService, useService } from '../support/service.js';
import { manyStates } from '../support/states.js';

/** A token that expires in 2033, and that the simulated Graph accepts. */
const expiry = 2_000_000_000;
const token = `e30.${Buffer.from(JSON.stringify({ exp: expiry })).toString('base64url')}.`;
const pair = usePair({ METRICS_PORT: '0', GRAPH_ACCESS_TOKEN: token });
let samples: readonly Sample[];

/** Causes each kind of event once, and reads the metrics. */
beforeAll(async () => {
  const { service, simulator } = pair;
  const { client } = service;
  await simulator.register(token);
  const states = await manyStates(service, 8);
  const [first, ...others] = rowsOf(states, 100);
  const { target } = states[0] ?? expect.fail('no state');
  if (first === undefined) throw new Error('no state');
  await client.scriptUserState.update.mutate(first);
  await startMany(service, { updates: others }).finished;
  const together = createBatchClient(service);
  await Promise.all([together.scriptUserState.get.query(target), together.scriptUserState.get.query(target)]);
  await failure(client.scriptUserState.get.query({ ...target, userStateId: 'nobody' }));
  await simulator.fault({ fault: 'rejected', method: 'PATCH' });
  await failure(client.scriptUserState.update.mutate(first));
  await simulator.fault(
    { fault: 'reset-applied', method: 'PATCH' },
    { fault: 'server-error', method: 'GET', times: 'always' },
  );
  await failure(client.scriptUserState.update.mutate(first));
  await simulator.reset();
  await fetch(`${service.address}/trpc/script.list`);
  samples = await scrape(service.metricsUrl);
});

const count = (name: string, labels: Readonly<Record<string, string>> = {}) => total(samples, name, labels);

describe('the metrics', () => {
  test('count calls by procedure and reason, and time them', () => {
    expect(count('calls_total', { procedure: 'scriptUserState.update', reason: 'OK' })).toBe(1);
    expect(count('calls_total', { procedure: 'scriptUserState.update', reason: 'GRAPH_REJECTED' })).toBe(1);
    expect(count('calls_total', { procedure: 'scriptUserState.update', reason: 'OUTCOME_UNKNOWN' })).toBe(1);
    expect(count('calls_total', { procedure: 'scriptUserState.get', reason: 'OK' })).toBe(2);
    expect(count('calls_total', { procedure: 'scriptUserState.get', reason: 'GRAPH_NOT_FOUND' })).toBe(1);
    expect(count('calls_total', { procedure: 'scriptUserState.updateMany', reason: 'OK' })).toBe(1);
    expect(count('call_duration_seconds_count', { procedure: 'scriptUserState.update' })).toBe(3);
    expect(count('requests_refused_total', { reason: 'REQUEST_REFUSED' })).toBe(1);
  });

  test('count writes by outcome, and each row of a bulk update', () => {
    expect(count('writes_total', { action: 'update', outcome: 'applied' })).toBe(8);
    expect(count('writes_total', { action: 'update', outcome: 'rejected' })).toBe(1);
    expect(count('writes_total', { action: 'update', outcome: 'unknown' })).toBe(1);
  });

  test('count round trips to Graph, and the requests in batches', async () => {
    expect(count('graph_round_trips_total', { method: 'BATCH', status: '200' })).toBe(2);
    expect(count('graph_batch_requests_sum')).toBe(9);
    expect(count('graph_round_trips_total', { method: 'PATCH', status: 'none' })).toBeGreaterThan(0);
    expect(count('graph_answers_total', { method: 'PATCH', status: '200' })).toBe(8);
    expect(count('graph_answers_total', { method: 'GET', status: '404' })).toBe(1);
    expect(count('graph_round_trip_duration_seconds_count')).toBe(count('graph_round_trips_total'));
  });

  test('report the usage of the quotas', () => {
    expect(count('quota_limit', { quota: 'writes' })).toBe(200);
    expect(count('quota_used', { quota: 'writes' })).toBeGreaterThan(8);
    expect(count('quota_waiting')).toBe(0);
    expect(count('quota_wait_seconds_count', { quota: 'writes', lane: 'bulk' })).toBe(7);
    expect(count('token_requests_total', { whose: 'service', result: 'ok' })).toBeGreaterThan(0);
    expect(count('ready')).toBe(1);
  });

  test('contain no personal data, input or token', async () => {
    const text = await (await fetch(pair.service.metricsUrl ?? '')).text();
    for (const secret of [canaryToken, '@', 'contoso', 'nobody', pair.simulator.baseUrl])
      expect(text).not.toContain(secret);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  test('are served at /metrics of the metrics port only', async () => {
    const at = (path: string) => fetch(new URL(path, pair.service.metricsUrl)).then(({ status }) => status);
    expect([await at('/'), await at('/metrics/'), await at('/healthz')]).toEqual([404, 404, 404]);
    expect((await fetch(new URL('/metrics', pair.service.metricsUrl), { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${pair.service.address}/metrics`)).status).toBe(404);
  });
});

const dashboard = z
  .object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() })),
  })
  .parse(JSON.parse(readFileSync('src/deploy/grafana-dashboard.json', 'utf8')));
const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.union([
            z.object({
              alert: z.string(),
              expr: z.string(),
              annotations: z.object({ summary: z.string(), description: z.string() }),
            }),
            z.object({ record: z.string(), expr: z.string() }),
          ]),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync('src/deploy/prometheus-rules.yaml', 'utf8')));

const onDashboard = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const allRules = rules.groups.flatMap((group) => group.rules);
/** The increases that the rules record, by the name of the counter. */
const recorded = /script_state_bff:(\w+):increase\d+m/g;
const inRules = allRules.map(
  (rule) =>
    ['alert' in rule ? rule.alert : rule.record, rule.expr.replaceAll(recorded, 'script_state_bff_$1_total')] as const,
);

/** Labels that Prometheus itself adds. */
const added = new Set(['namespace', 'job', 'instance', 'le']);

describe('the metrics of a service that has just started', () => {
  const service = useService({ METRICS_PORT: '0' });

  test('have every series with known labels, at 0, since `increase` does not count the first value of a series', async () => {
    const first = await scrape(service.metricsUrl);
    const matching = (name: string, labels: Readonly<Record<string, string>>) =>
      first.filter(
        (each) =>
          each.name === `script_state_bff_${name}` &&
          Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      );
    const expectZero = (name: string, labels: Readonly<Record<string, string>>) =>
      expect(matching(name, labels), `${name} ${JSON.stringify(labels)}`).toMatchObject([{ value: 0 }]);
    for (const procedure of procedures.keys()) {
      expectZero('call_duration_seconds_count', { procedure });
      for (const reason of ['OK', ...Object.keys(reasonCodes)]) expectZero('calls_total', { procedure, reason });
    }
    for (const reason of Object.keys(reasonCodes)) expectZero('requests_refused_total', { reason });
    for (const action of ['update', 'create', 'delete'])
      for (const outcome of ['applied', 'rejected', 'pending-approval', 'unknown'])
        expectZero('writes_total', { action, outcome });
    for (const method of ['GET', 'PATCH', 'POST', 'DELETE', 'BATCH'])
      expectZero('graph_round_trips_total', { method, status: 'none' });
    expectZero('graph_answers_total', { method: 'PATCH', status: '429' });
    expectZero('quota_wait_seconds_count', { quota: 'writes', lane: 'bulk' });
    expectZero('token_requests_total', { whose: 'person', result: 'failed' });
    for (const name of ['redis_errors_total', 'audit_write_failures_total', 'log_lines_dropped_total'])
      expectZero(name, {});
  });
});

describe('the expiry of a credential', () => {
  const expiryIn = (seen: readonly Sample[]) =>
    seen.filter(({ name }) => name === 'script_state_bff_credential_expiry_timestamp_seconds');

  test('of GRAPH_ACCESS_TOKEN is that of the token', () => {
    expect(expiryIn(samples)).toMatchObject([{ labels: { credential: 'graph-access-token' }, value: expiry }]);
  });

  test('of OIDC_CLIENT_CERTIFICATE_PATH is that of the certificate, and unknown for a token that is no JWT', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'expiry-'));
    const { certificate, pem } = createCertificate();
    const path = join(folder, 'certificate.pem');
    await writeFile(path, pem);
    const service = await startTestService({
      METRICS_PORT: '0',
      ...liveSettings(pair.simulator),
      SIGN_IN: 'oidc',
      OIDC_ISSUER: 'https://login.example.com/',
      OIDC_CLIENT_ID: 'client',
      OIDC_CLIENT_CERTIFICATE_PATH: path,
      SESSION_SECRET: 'x'.repeat(32),
    });
    try {
      expect(expiryIn(await scrape(service.metricsUrl))).toMatchObject([
        { labels: { credential: 'graph-access-token' }, value: Number.NaN },
        { labels: { credential: 'oidc-client-certificate' }, value: Date.parse(certificate.validTo) / 1_000 },
      ]);
    } finally {
      await service.stop();
      await rm(folder, { recursive: true });
    }
  });
});

describe('the dashboard and the alert rules', () => {
  test.each([...onDashboard, ...inRules])('%s queries existing metrics and labels', (_, expr) => {
    const selectors = [...expr.matchAll(/((?:script_state_bff|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
    expect(selectors.length).toBeGreaterThan(0);
    for (const [, name = '', matchers = ''] of selectors) {
      const own = samples.filter((each) => each.name === name);
      expect(own.length, name).toBeGreaterThan(0);
      for (const [, label = '', , value = ''] of matchers.matchAll(/(\w+)(=|!=|=~|!~)"([^"]*)"/g)) {
        if (!added.has(label)) expect(own[0]?.labels, `${name} ${label}`).toHaveProperty(label);
        const known = label === 'reason' ? ['OK', ...Object.keys(reasonCodes)] : own.map(({ labels }) => labels[label]);
        if (label === 'reason' || label === 'quota') for (const each of value.split('|')) expect(known).toContain(each);
      }
    }
    const [, grouped = ''] = /by \(([^)]*)\)/.exec(expr) ?? [];
    for (const label of grouped.split(/, */).filter((each) => each !== '' && !added.has(each))) {
      expect(
        samples.some(({ name, labels }) => expr.includes(name) && label in labels),
        label,
      ).toBe(true);
    }
  });

  test('record the increase of a counter under its name', () => {
    for (const rule of allRules) {
      if ('alert' in rule) continue;
      const [, name = ''] = new RegExp(recorded, '').exec(rule.record) ?? [];
      expect(rule.expr).toContain(`increase(script_state_bff_${name}_total[`);
    }
  });

  test.each(allRules.flatMap((rule) => ('alert' in rule ? [[rule.alert, rule.expr] as const] : [])))(
    '%s does not mix deployments',
    (_, expr) => {
      for (const [grouping] of expr.matchAll(/\b(?:sum|min|max|group|count|on)\b(?: by)? ?\([^()]*\)/g))
        expect(grouping).toMatch(/\(namespace, job[,)]/);
      expect(expr).not.toMatch(/\b(sum|min|max|count)\(/);
    },
  );

  test('show every metric of the service', () => {
    const shown = onDashboard.map(([, expr]) => expr).join('\n');
    const own = samples
      .map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => name.startsWith('script'));
    for (const name of new Set(own)) expect(shown).toContain(name);
  });

  test('the page on operations lists exactly the service’s own metrics', async () => {
    const listed = tableRows(await readPage('src/deploy/README.md'), 'Metrics').flatMap(([names = '']) =>
      names.split(', '),
    );
    const own = samples
      .map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => name.startsWith('script'));
    expect(new Set(listed.map((name) => `script_state_bff_${codeIn(name)}`))).toEqual(new Set(own));
  });
});

describeWithRedis('the metrics of a service without its Redis', () => {
  test('report that it is not ready, and nothing of the jobs, which are stored there', async () => {
    const redis = await startRedis();
    const own = await startTestService({ METRICS_PORT: '0', REDIS_URL: redis.url });
    try {
      await expect.poll(async () => total(await scrape(own.metricsUrl), 'ready')).toBe(1);
      const hasJobs = (seen: readonly Sample[]) =>
        seen.some(({ name }) => /script_state_bff_(jobs|job_rows_stored)$/.test(name));
      expect(hasJobs(await scrape(own.metricsUrl))).toBe(true);
      await redis.stop();
      const seen = await scrape(own.metricsUrl);
      expect(total(seen, 'ready')).toBe(0);
      expect(total(seen, 'redis_errors_total')).toBeGreaterThan(0);
      expect(total(seen, 'quota_used')).toBeNaN();
      expect(hasJobs(seen)).toBe(false);
    } finally {
      await own.stop();
      await redis.close();
    }
  });
});
