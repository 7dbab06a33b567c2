/** One sample of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the metrics as Prometheus does. */
export async function scrape(url: URL | undefined): Promise<readonly Sample[]> {
  const response = await fetch(url ?? '');
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.text()).split('\n').flatMap((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (value === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: value === 'Nan' ? Number.NaN : Number(value) }];
  });
}

/** The sum of the samples of a name that have all of the labels. */
export function total(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((each) => each.name === `script_state_bff_${name}`)
    .filter((each) => Object.entries(labels).every(([key, value]) => each.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
