import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { startProcess } from './process.js';

/** A sample of a query: the labels of its series, and its value. */
export interface QuerySample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that scrapes one service every second. */
export interface Prometheus {
  /** Evaluates an expression now. @throws {Error} if it is invalid */
  query(expression: string): Promise<readonly QuerySample[]>;
  /** The names of the alerts that fire. */
  firing(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Starts Prometheus on a free port. @param rules the files with its rules */
export async function startPrometheus(
  target: URL,
  labels: Readonly<Record<string, string>>,
  rules: readonly string[],
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: rules.map((path) => resolve(path)),
    scrape_configs: [{ job_name: 'script-state-bff', static_configs: [{ targets: [target.host], labels }] }],
  };
  const file = join(folder, 'prometheus.yaml');
  await writeFile(file, stringify(config));
  const options = ['--config.file', file, '--storage.tsdb.path', folder, '--web.listen-address', '127.0.0.1:0'];
  const running = startProcess('prometheus', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  const address = await new Promise<string>((found, reject) => {
    const lines: string[] = [];
    createInterface({ input: running.child.stderr ?? process.stdin }).on('line', (line) => {
      lines.push(line);
      const [, host] = /msg="Listening on" address=(\S+)/.exec(line) ?? [];
      if (host !== undefined) found(`http://${host}/api/v1`);
    });
    void running.exited.then(() => reject(new Error(`Prometheus ended:\n${lines.join('\n')}`)));
  });
  async function get(path: string): Promise<unknown> {
    const { status, data, error } = (await (await fetch(`${address}/${path}`)).json()) as Answer;
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }
  return {
    async query(expression) {
      const { result } = (await get(`query?query=${encodeURIComponent(expression)}`)) as QueryResult;
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async firing() {
      const { alerts } = (await get('alerts')) as Alerts;
      return alerts.filter(({ state }) => state === 'firing').map(({ labels: own }) => own.alertname);
    },
    async close() {
      await running.stop('SIGTERM');
      await rm(folder, { recursive: true });
    },
  };
}

interface Answer {
  readonly status: string;
  readonly data?: unknown;
  readonly error?: string;
}

interface QueryResult {
  readonly result: readonly { readonly metric: QuerySample['metric']; readonly value: readonly [number, string] }[];
}

interface Alerts {
  readonly alerts: readonly { readonly state: string; readonly labels: { readonly alertname: string } }[];
}
