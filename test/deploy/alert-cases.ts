/** A situation, and the alerts of one name that fire in it. */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  /** The samples of each series, one per minute, in the notation of promtool: `_` is none, `0+1x5` counts to 5. */
  readonly series: Readonly<Record<string, string>>;
  /** The minute at which the alert is tested. */
  readonly minute: number;
  /** The labels of each alert that fires, without those of the rule. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

/** Two deployments. Every case of the first has the second beside it, which is healthy. */
const a = { namespace: 'a', job: 'bff' };
const one = { ...a, instance: 'a-1' };
const labels = (own: Readonly<Record<string, string>>, other: Readonly<Record<string, string>> = {}) =>
  Object.entries({ ...own, ...other })
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
const series = (name: string, own: Readonly<Record<string, string>>, other: Readonly<Record<string, string>> = {}) =>
  `${/^(up|process|nodejs)/.test(name) ? name : `script_state_bff_${name}`}{${labels(own, other)}}`;
const b = (number: number) => ({ namespace: 'b', job: 'bff', instance: `b-${number}` });
const get = { procedure: 'script.list' };
/** The series of the second deployment. */
export const healthy = {
  [series('ready', b(1))]: '1x2000',
  [series('ready', b(2))]: '1x2000',
  [series('calls_total', b(1), { ...get, reason: 'OK' })]: '0+1000x2000',
  [series('process_start_time_seconds', b(1))]: '0x2000',
};

/** At least one case per alert in which it fires. */
export const alertCases: readonly AlertCase[] = [
  {
    alert: 'ScriptStateBffNotReady',
    when: 'all replicas of one deployment are not ready',
    series: { [series('ready', one)]: '1x5 0x10' },
    minute: 10,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffNotReady',
    when: 'all replicas of one deployment have disappeared',
    series: { [series('ready', one)]: '1x5 stale' },
    minute: 60,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffNotReady',
    when: 'one of two replicas is ready',
    series: { [series('ready', one)]: '1x20', [series('ready', { ...a, instance: 'a-2' })]: '0x20' },
    minute: 20,
    fires: [],
  },
  {
    alert: 'ScriptStateBffReplicaLost',
    when: 'one of two replicas is not ready',
    series: { [series('ready', one)]: '1x20', [series('ready', { ...a, instance: 'a-2' })]: '1x5 0x15' },
    minute: 15,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffReplicaLost',
    when: 'one of three replicas is not ready',
    series: {
      [series('ready', one)]: '1x20',
      [series('ready', { ...a, instance: 'a-2' })]: '1x20',
      [series('ready', { ...a, instance: 'a-3' })]: '0x20',
    },
    minute: 15,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffReplicaLost',
    when: 'one of two replicas has disappeared',
    series: { [series('ready', one)]: '1x20', [series('ready', { ...a, instance: 'a-2' })]: '1x5 stale' },
    minute: 15,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffReplicaLost',
    when: 'a rolling update replaces both replicas',
    series: {
      [series('ready', one)]: '1x10 0 stale',
      [series('ready', { ...a, instance: 'a-2' })]: '1x12 0 stale',
      [series('ready', { ...a, instance: 'a-3' })]: '_x8 0 1x20',
      [series('ready', { ...a, instance: 'a-4' })]: '_x10 0 1x20',
    },
    minute: 16,
    fires: [],
  },
  {
    alert: 'ScriptStateBffReplicaDown',
    when: 'a replica cannot be scraped',
    series: {
      [series('ready', one)]: '1x20',
      [series('up', one)]: '1x20',
      [series('up', { ...a, instance: 'a-2' })]: '0x20',
      [series('up', { namespace: 'a', job: 'other', instance: 'c' })]: '0x20',
    },
    minute: 15,
    fires: [{ ...a, instance: 'a-2' }],
  },
  {
    alert: 'ScriptStateBffRestarting',
    when: 'a replica has restarted twice',
    series: { [series('ready', one)]: '1x20', [series('process_start_time_seconds', one)]: '0x4 240x4 540x12' },
    minute: 12,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffRestarting',
    when: 'a replica has restarted once',
    series: { [series('ready', one)]: '1x20', [series('process_start_time_seconds', one)]: '0x4 240x16' },
    minute: 12,
    fires: [],
  },
  {
    alert: 'ScriptStateBffClockWrong',
    when: 'the clock of one replica is an hour ahead',
    series: {
      [series('clock_timestamp_seconds', one)]: '3600+60x20',
      [series('clock_timestamp_seconds', b(1))]: '0+60x20',
    },
    minute: 12,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffClockWrong',
    when: 'the clock of one replica is an hour behind',
    series: {
      [series('clock_timestamp_seconds', one)]: '-3600+60x20',
      [series('clock_timestamp_seconds', b(1))]: '0+60x20',
    },
    minute: 12,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffSlowLoop',
    when: 'the event loop of one replica lags',
    series: {
      [series('ready', one)]: '1x20',
      [series('nodejs_eventloop_lag_p99_seconds', one)]: '0.3x20',
      [series('nodejs_eventloop_lag_p99_seconds', { namespace: 'a', job: 'other', instance: 'c' })]: '0.3x20',
    },
    minute: 12,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'a series starts at 1',
    series: { [series('calls_total', one, { ...get, reason: 'INTERNAL' })]: '_x20 1x20' },
    minute: 21,
    fires: [{ ...a, ...get }],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'a process that has just started fails before its first scrape',
    series: {
      [series('calls_total', one, { ...get, reason: 'INTERNAL' })]: '_x20 1x20',
      [series('process_start_time_seconds', one)]: '_x20 1180x20',
    },
    minute: 25,
    fires: [{ ...a, ...get }],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'a series rises from 0',
    series: { [series('calls_total', one, { ...get, reason: 'INTERNAL' })]: '0x20 1x20' },
    minute: 22,
    fires: [{ ...a, ...get }],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'a request fails before any procedure',
    series: { [series('requests_refused_total', one, { reason: 'INTERNAL' })]: '0x20 1x20' },
    minute: 22,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'Prometheus was down, and the process is old',
    series: {
      [series('calls_total', one, { ...get, reason: 'INTERNAL' })]: '_x60 7x20',
      [series('process_start_time_seconds', one)]: '_x60 0x20',
    },
    minute: 62,
    fires: [],
  },
  {
    alert: 'ScriptStateBffDefect',
    when: 'the only failure was more than ten minutes ago',
    series: { [series('calls_total', one, { ...get, reason: 'INTERNAL' })]: '_x20 1x40' },
    minute: 40,
    fires: [],
  },
  {
    alert: 'ScriptStateBffOverloaded',
    when: 'calls and requests are rejected',
    series: {
      [series('calls_total', one, { ...get, reason: 'OVERLOADED' })]: '0x5 4x20',
      [series('requests_refused_total', one, { reason: 'OVERLOADED' })]: '0x5 4x20',
    },
    minute: 7,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffOverloaded',
    when: 'a single call is rejected',
    series: { [series('calls_total', one, { ...get, reason: 'OVERLOADED' })]: '0x5 1x20' },
    minute: 7,
    fires: [],
  },
  {
    alert: 'ScriptStateBffSlowCalls',
    when: 'one call in ten takes 10 s',
    series: {
      [series('call_duration_seconds_bucket', one, { ...get, le: '0.5' })]: '0+9x30',
      [series('call_duration_seconds_bucket', one, { ...get, le: '10' })]: '0+10x30',
      [series('call_duration_seconds_bucket', one, { ...get, le: '+Inf' })]: '0+10x30',
    },
    minute: 25,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffSlowCalls',
    when: 'there are no calls',
    series: { [series('call_duration_seconds_bucket', one, { ...get, le: '+Inf' })]: '0x30' },
    minute: 25,
    fires: [],
  },
  {
    alert: 'ScriptStateBffOutcomesUnknown',
    when: 'the outcome of six writes is unknown, on two replicas',
    series: {
      [series('writes_total', one, { action: 'update', outcome: 'unknown' })]: '_x40 3x20',
      [series('writes_total', { ...a, instance: 'a-2' }, { action: 'delete', outcome: 'unknown' })]: '0x40 3x20',
    },
    minute: 42,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffOutcomesUnknown',
    when: 'all writes are applied',
    series: { [series('writes_total', one, { action: 'update', outcome: 'applied' })]: '0+100x60' },
    minute: 42,
    fires: [],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'a job is active, and no row of any job gets an outcome',
    series: {
      [series('job_oldest_active_seconds', one)]: '0+60x40',
      [series('job_oldest_active_seconds', { ...a, instance: 'a-2' })]: '0+60x40',
      [series('job_rows_total', one, { outcome: 'applied' })]: '0+600x3 1800x40',
      [series('job_rows_total', { ...a, instance: 'a-2' }, { outcome: 'applied' })]: '0x43',
    },
    minute: 25,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'the other replica sends the rows of an old job',
    series: {
      [series('job_oldest_active_seconds', one)]: '0+60x60',
      [series('job_rows_total', one, { outcome: 'applied' })]: '0x60',
      [series('job_rows_total', { ...a, instance: 'a-2' }, { outcome: 'rejected' })]: '0+1x60',
    },
    minute: 60,
    fires: [],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'the only replica that sends the rows has just started',
    series: {
      [series('job_oldest_active_seconds', one)]: '0+60x60',
      [series('job_rows_total', one, { outcome: 'applied' })]: '_x25 600+600x30',
      [series('process_start_time_seconds', one)]: '_x25 1490x30',
    },
    minute: 26,
    fires: [],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'one job is stuck for hours while others end',
    series: {
      [series('job_oldest_active_seconds', one)]: '0+60x400',
      [series('job_rows_total', one, { outcome: 'applied' })]: '0+600x400',
    },
    minute: 370,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'no job is active',
    series: {
      [series('job_oldest_active_seconds', one)]: '0x60',
      [series('job_rows_total', one, { outcome: 'applied' })]: '100x60',
      [series('jobs', one, { state: 'waiting-for-approval' })]: '7x60',
    },
    minute: 60,
    fires: [],
  },
  {
    alert: 'ScriptStateBffJobStuck',
    when: 'the store of the jobs is not available',
    series: {
      [series('job_oldest_active_seconds', one)]: '0+60x11 stale',
      [series('job_rows_total', one, { outcome: 'applied' })]: '0x60',
    },
    minute: 30,
    fires: [],
  },
  {
    alert: 'ScriptStateBffJobStoreNearlyFull',
    when: 'nine tenths of the rows are used',
    series: {
      [series('job_rows_stored', one)]: '54001x20',
      [series('job_rows_limit', one)]: '60000x20',
      [series('job_rows_stored', b(1))]: '54000x20',
      [series('job_rows_limit', b(1))]: '60000x20',
    },
    minute: 10,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffNoToken',
    when: 'the first request for a token fails',
    series: { [series('token_requests_total', one, { whose: 'service', result: 'failed' })]: '_x5 1x20' },
    minute: 12,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffNoToken',
    when: 'Graph rejects the token',
    series: { [series('calls_total', one, { ...get, reason: 'CREDENTIAL_UNAVAILABLE' })]: '0x5 1x20' },
    minute: 12,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffNoToken',
    when: 'the refresh of a user’s token fails',
    series: { [series('token_requests_total', one, { whose: 'person', result: 'failed' })]: '0x5 1x20' },
    minute: 12,
    fires: [],
  },
  {
    alert: 'ScriptStateBffSignInFailing',
    when: 'the first sign-in fails because the secret has expired',
    series: { [series('sign_ins_total', one, { result: 'client-rejected' })]: '_x5 1x20' },
    minute: 7,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffSignInFailing',
    when: 'others sign in',
    series: {
      [series('sign_ins_total', one, { result: 'issuer-unreachable' })]: '0x5 1x20',
      [series('sign_ins_total', { ...a, instance: 'a-2' }, { result: 'ok' })]: '0+1x20',
    },
    minute: 7,
    fires: [],
  },
  {
    alert: 'ScriptStateBffSignInFailing',
    when: 'users cancel, or open old callbacks',
    series: {
      [series('sign_ins_total', one, { result: 'cancelled' })]: '0x5 1x20',
      [series('sign_ins_total', one, { result: 'no-transaction' })]: '0+1x20',
    },
    minute: 7,
    fires: [],
  },
  {
    alert: 'ScriptStateBffGraphUnavailable',
    when: 'all calls of one deployment fail, and it has few',
    series: {
      [series('calls_total', one, { ...get, reason: 'OK' })]: '0+1x5 5x20',
      [series('calls_total', one, { ...get, reason: 'GRAPH_TIMEOUT' })]: '0x5 0+1x20',
    },
    minute: 15,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffGraphUnavailable',
    when: 'one call in a hundred fails',
    series: {
      [series('calls_total', one, { ...get, reason: 'OK' })]: '0+99x30',
      [series('calls_total', one, { ...get, reason: 'GRAPH_UNAVAILABLE' })]: '0+1x30',
    },
    minute: 20,
    fires: [],
  },
  {
    alert: 'ScriptStateBffQuotaUsedUp',
    when: 'all slots are in use and calls fail',
    series: {
      [series('quota_used', one, { quota: 'writes' })]: '0x5 200x30',
      [series('quota_limit', one, { quota: 'writes' })]: '200x35',
      [series('quota_used', one, { quota: 'reads' })]: '3x35',
      [series('quota_limit', one, { quota: 'reads' })]: '2000x35',
      [series('calls_total', one, { ...get, reason: 'THROTTLED' })]: '0x5 0+1x30',
    },
    minute: 20,
    fires: [{ ...a, quota: 'writes' }],
  },
  {
    alert: 'ScriptStateBffQuotaUsedUp',
    when: 'a bulk update uses all slots and no call fails',
    series: {
      [series('quota_used', one, { quota: 'writes' })]: '200x35',
      [series('quota_limit', one, { quota: 'writes' })]: '200x35',
      [series('calls_total', one, { ...get, reason: 'THROTTLED' })]: '0x35',
    },
    minute: 20,
    fires: [],
  },
  {
    alert: 'ScriptStateBffThrottledByGraph',
    when: 'the first responses with status 429 arrive together',
    series: { [series('graph_answers_total', one, { method: 'PATCH', status: '429' })]: '_x5 20x30' },
    minute: 12,
    fires: [a],
  },
  {
    alert: 'ScriptStateBffCredentialExpiresSoon',
    when: 'a certificate expires within 14 days',
    series: {
      [series('credential_expiry_timestamp_seconds', one, { credential: 'oidc-client-certificate' })]: '1209500x5',
      [series('credential_expiry_timestamp_seconds', b(1), { credential: 'oidc-client-certificate' })]: '1300000x5',
    },
    minute: 2,
    fires: [{ ...a, credential: 'oidc-client-certificate' }],
  },
  {
    alert: 'ScriptStateBffCredentialExpiresSoon',
    when: 'a certificate has expired',
    series: {
      [series('credential_expiry_timestamp_seconds', one, { credential: 'oidc-client-certificate' })]: '60x5',
    },
    minute: 3,
    fires: [{ ...a, credential: 'oidc-client-certificate' }],
  },
  {
    alert: 'ScriptStateBffCredentialExpiresSoon',
    when: 'an access token expires within 15 minutes',
    series: { [series('credential_expiry_timestamp_seconds', one, { credential: 'graph-access-token' })]: '3600x60' },
    minute: 50,
    fires: [{ ...a, credential: 'graph-access-token' }],
  },
  {
    alert: 'ScriptStateBffCredentialExpiresSoon',
    when: 'an access token is good for an hour',
    series: {
      [series('credential_expiry_timestamp_seconds', one, { credential: 'graph-access-token' })]: '3600x60',
    },
    minute: 2,
    fires: [],
  },
  {
    alert: 'ScriptStateBffRedisFailing',
    when: 'the commands of one replica fail',
    series: { [series('redis_errors_total', one)]: '0x5 0+20x20' },
    minute: 12,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffRedisFailing',
    when: 'a few commands fail during a failover',
    series: { [series('redis_errors_total', one)]: '0x5 12x20' },
    minute: 10,
    fires: [],
  },
  {
    alert: 'ScriptStateBffAuditDown',
    when: 'one replica cannot write its trail',
    series: { [series('audit_trail_up', one)]: '1x5 0x5', [series('audit_trail_up', b(1))]: '1x10' },
    minute: 8,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffAuditLinesFailed',
    when: 'a line was not written in time',
    series: {
      [series('audit_write_failures_total', one)]: '0x5 1x20',
      [series('audit_write_failures_total', b(1))]: '0x25',
    },
    minute: 8,
    fires: [one],
  },
  {
    alert: 'ScriptStateBffLogLinesDropped',
    when: 'a line was dropped',
    series: { [series('log_lines_dropped_total', one)]: '0x5 9x20', [series('log_lines_dropped_total', b(1))]: '0x25' },
    minute: 8,
    fires: [one],
  },
];
