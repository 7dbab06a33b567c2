import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rowsOf, startMany } from '../support/bulk.js';
import { useFixture } from '../support/fixture.js';
import { usePair } from '../support/pair.js';
import { startPrometheus } from '../support/prometheus.js';
import { describeWithPrometheus } from '../support/promtool.js';
import { manyStates } from '../support/states.js';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(await readFile('src/deploy/grafana-dashboard.json', 'utf8')) as { panels: Panel[] };
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

/** A token with an expiry, so that the panel with the expiries has one. */
const token = `e30.${Buffer.from('{"exp":2000000000}').toString('base64url')}.`;

describeWithPrometheus('a Prometheus that scrapes a running service', () => {
  const pair = usePair({ METRICS_PORT: '0', GRAPH_ACCESS_TOKEN: token });
  const prometheus = useFixture(
    async () => {
      await pair.simulator.register(token);
      const target = pair.service.metricsUrl ?? expect.fail('no metrics');
      return startPrometheus(target, { namespace: 'script-states' }, ['src/deploy/prometheus-rules.yaml']);
    },
    (started) => started.close(),
  );

  /** Grafana replaces the variables like this. */
  const query = (expression: string) =>
    prometheus.query(
      expression
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$namespace', 'script-states')
        .replaceAll('$job', 'script-state-bff'),
    );

  test.each(queries)('has a value for the panel "%s" before the first call: %s', async (_, expression) => {
    for (const variable of ['$namespace', '$job']) expect(expression).toContain(variable);
    await expect
      .poll(async () => {
        const values = (await query(expression)).map(({ value }) => value);
        return values.length > 0 && values.every((value) => Number.isFinite(value));
      })
      .toBe(true);
  });

  test('counts no replica as ready when none is scraped', async () => {
    const [[, expression]] = queries.filter(([title]) => title === 'Ready replicas') as [(typeof queries)[0]];
    expect(await prometheus.query(expression.replaceAll('$namespace', 'none').replaceAll('$job', 'none'))).toEqual([
      { metric: {}, value: 0 },
    ]);
  });

  test('fires an alert for the first burst of writes whose outcome is unknown, and for no other', async () => {
    await expect.poll(() => query('up')).toMatchObject([{ value: 1 }]);
    expect(await prometheus.firing()).toEqual([]);
    const states = await manyStates(pair.service, 8);
    await pair.simulator.fault(
      { fault: 'reset-applied', method: 'PATCH', times: 'always' },
      { fault: 'server-error', method: 'GET', times: 'always' },
    );
    await startMany(pair.service, { updates: [...rowsOf(states, 100)] }).finished;
    await expect.poll(() => prometheus.firing()).toEqual(['ScriptStateBffOutcomesUnknown']);
  });
});
