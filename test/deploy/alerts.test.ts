import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeWithPrometheus, promtool, withYaml } from '../support/promtool.js';
import { type AlertCase, alertCases, healthy } from './alert-cases.js';

const rulesFile = 'src/deploy/prometheus-rules.yaml';
const expiryFile = 'src/deploy/credential-expiry-rules.yaml';

interface Alert {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = parse(await readFile(rulesFile, 'utf8')) as { groups: { rules: (Alert | { record: string })[] }[] };
const alerts = new Map(
  rules.groups.flatMap((group) => group.rules).flatMap((rule) => ('alert' in rule ? [[rule.alert, rule]] : [])),
);

/** What an alert with these labels looks like to promtool. */
function expected(name: string, own: Readonly<Record<string, string>>): object {
  const rule = alerts.get(name) ?? expect.fail(name);
  const annotations = Object.entries(rule.annotations).map(([key, text]) => [
    key,
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => own[label] ?? ''),
  ]);
  return { exp_labels: { ...own, ...rule.labels }, exp_annotations: Object.fromEntries(annotations) as object };
}

/** Lets promtool evaluate the rules. Rejects if other alerts fire. */
async function evaluate({ alert, series: input, minute, fires }: AlertCase, files = [rulesFile]): Promise<string> {
  const situation = {
    interval: '1m',
    input_series: Object.entries(input).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: `${minute}m`, alertname: alert, exp_alerts: fires.map((own) => expected(alert, own)) },
    ],
  };
  const file = { rule_files: files.map((path) => resolve(path)), evaluation_interval: '30s', tests: [situation] };
  return withYaml(file, (path) => promtool('test', 'rules', path));
}

describeWithPrometheus('the alert', () => {
  test.each(alertCases)('$alert, when $when', async ({ series: own, ...rest }) => {
    expect(await evaluate({ ...rest, series: { ...healthy, ...own } })).toContain('SUCCESS');
  });

  test.each([...alerts.keys()])('%s has a case in which it fires', (name) => {
    const own = alertCases.filter(({ alert }) => alert === name);
    expect(own.filter(({ fires }) => fires.length > 0)).not.toEqual([]);
  });

  test('ScriptStateBffNotReady fires when no deployment was ever seen', async () => {
    const nothing = { alert: 'ScriptStateBffNotReady', when: '', series: {}, minute: 3, fires: [{}] };
    expect(await evaluate(nothing)).toContain('SUCCESS');
  });

  test('ScriptStateBffCredentialExpiresSoon covers a secret whose expiry a rule records', async () => {
    const { groups } = parse(await readFile(expiryFile, 'utf8')) as { groups: [{ rules: [{ labels: object }] }] };
    const soon = JSON.parse(JSON.stringify({ groups }).replace(/vector\(\d+\)/, 'vector(86400)')) as object;
    const fires = [{ ...groups[0].rules[0].labels } as Record<string, string>];
    const alert = { alert: 'ScriptStateBffCredentialExpiresSoon', when: '', series: healthy, minute: 3, fires };
    await withYaml(soon, async (path) => expect(await evaluate(alert, [rulesFile, path])).toContain('SUCCESS'));
    await expect(evaluate({ ...alert, fires: [] }, [rulesFile, expiryFile])).resolves.toContain('SUCCESS');
  });

  test('files are valid, and so is the example of a configuration', async () => {
    expect(await promtool('check', 'rules', rulesFile, expiryFile)).not.toContain('FAILED');
    // Some builds of Prometheus have no service discovery for Kubernetes.
    const text = (await readFile('src/deploy/prometheus.yaml', 'utf8'))
      .replace(/kubernetes_sd_configs:\n +- role: pod/, 'static_configs: []')
      .replaceAll(/^ {2}- (.*-rules\.yaml)$/gm, (_, name: string) => `  - ${resolve('src/deploy', name)}`);
    await withYaml(parse(text) as object, async (path) =>
      expect(await promtool('check', 'config', path)).toContain('rules found'),
    );
  });
});

test('the number of replicas in the alert on a lost one is that of the manifest', async () => {
  const rule = alerts.get('ScriptStateBffReplicaLost') as { expr?: string } | undefined;
  const manifest = parse(await readFile('src/deploy/kubernetes/deployment.yaml', 'utf8')) as {
    spec: { replicas: number };
  };
  expect(rule?.expr).toMatch(new RegExp(`< ${manifest.spec.replicas}\\b`));
});
