import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig, readEnvironment } from './config.js';
import { CallError, type CallErrorDetails, type CallReason, describeCause } from './errors.js';
import type { CallOptions, Graph } from './graph/graph.js';
import { createGraph } from './graph/graph-service.js';
import { type StateRef, scriptKinds } from './graph/ids.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { graphScope } from './graph/tokens/credential.js';
import { createTokenSource } from './graph/tokens/credential-token-source.js';
import { permissionsIn, requiredPermission } from './graph/tokens/permissions.js';
import { connectGraph } from './graph-backend.js';
import { createLog } from './log.js';
import { createRedis } from './redis/connection.js';
import { withLease } from './redis/lease.js';
import type { Secret } from './secret.js';
import { noMetrics } from './telemetry/metrics.js';

/** A failed step that has been reported. */
class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** A failure with advice for the operator. */
class Diagnosis extends Error {
  override readonly name = 'Diagnosis';
  readonly advice: string | undefined;
  constructor(message: string, advice: string | undefined) {
    super(message);
    this.advice = advice;
  }
}

const adviceByReason: Partial<Record<CallReason, string>> = {
  CREDENTIAL_UNAVAILABLE: 'check GRAPH_CREDENTIAL and its variables; GRAPH_ACCESS_TOKEN may have expired',
  GRAPH_PERMISSION_MISSING: `grant the application ${requiredPermission} with admin consent; assign an Intune role to a user`,
  GRAPH_ROUTE_NOT_IMPLEMENTED: 'Intune in this tenant does not offer the operation: contact Microsoft support',
  GRAPH_UNAVAILABLE: 'check GRAPH_BASE_URL, and that this machine can reach it (firewall, DNS)',
  GRAPH_TIMEOUT: 'Graph is slow or unreachable: try again, or raise GRAPH_DEADLINE_MS',
  GRAPH_PROTOCOL:
    'check that GRAPH_BASE_URL is the address of a Microsoft Graph with its version (…/beta), and that no proxy or captive portal responds in its place',
  THROTTLED: 'the request quota is used up: try again in a minute',
  APPROVAL_JUSTIFICATION_REQUIRED: 'the tenant requires multi admin approval: updates need `approval.justification`',
  APPROVAL_PENDING: 'the tenant requires multi admin approval: the update waits for a second administrator',
  OUTCOME_UNKNOWN: 'a write of unchanged values has an unknown outcome: check that the user state is still correct',
};

/** Why Graph does not offer an operation, by its message or status. */
function adviceOnMissingOperation({ status, publicMessage = '' }: CallErrorDetails): string | undefined {
  if (/target tenant/i.test(publicMessage)) {
    return 'the tenant does not use Intune: assign a licence, and set the MDM authority in the Intune admin center';
  }
  const isAboutUrl = status === 405 || status === 501 || /segment|version/i.test(publicMessage);
  return isAboutUrl
    ? 'this version of Graph does not have the operation: check the version at the end of GRAPH_BASE_URL (…/beta)'
    : adviceByReason.GRAPH_ROUTE_NOT_IMPLEMENTED;
}

function report(result: 'ok' | 'skip' | 'FAIL', name: string, text: string): void {
  console.log(`${result.padEnd(5)} ${name.padEnd(12)} ${text}`);
}

function toDiagnosis(error: unknown): Diagnosis {
  if (error instanceof Diagnosis) return error;
  if (!(error instanceof CallError))
    return new Diagnosis(error instanceof Error ? error.message : String(error), undefined);
  const { reason, details } = error;
  const { status, code, publicMessage, graph } = details;
  const cause = error.cause === undefined ? undefined : describeCause(error.cause);
  const ids = Object.entries(graph ?? {}).map(([name, id]) => `${name} ${id}`);
  const parts = [reason, status && `HTTP ${status}`, code, publicMessage, cause, ...ids].filter(Boolean);
  const advice = reason === 'GRAPH_ROUTE_NOT_IMPLEMENTED' ? adviceOnMissingOperation(details) : adviceByReason[reason];
  return new Diagnosis(parts.join('; '), advice);
}

interface StepResult<T> {
  readonly summary: string;
  readonly value: T;
}

/** Runs and reports one step. @throws {StepFailed} */
async function step<T>(name: string, work: () => Promise<StepResult<T>>): Promise<T> {
  try {
    const { summary, value } = await work();
    report('ok', name, summary);
    return value;
  } catch (error) {
    const { message, advice } = toDiagnosis(error);
    report('FAIL', name, advice === undefined ? message : `${message}\n${' '.repeat(19)}→ ${advice}`);
    throw new StepFailed(name);
  }
}

async function findState(graph: Graph, options: CallOptions): Promise<StepResult<StateRef | undefined>> {
  let scripts = 0;
  let found: StateRef | undefined;
  for (const scriptKind of scriptKinds) {
    const { items } = await graph.scripts.list(scriptKind, undefined, options);
    scripts += items.length;
    for (const { id: scriptId } of found === undefined ? items.slice(0, 10) : []) {
      const [state] = (await graph.userStates.list({ scriptKind, scriptId }, undefined, options)).items;
      if (state === undefined) continue;
      found = { scriptKind, scriptId, userStateId: state.id };
      await graph.userStates.get(found, options);
      break;
    }
  }
  const state = found === undefined ? 'no user state in the first scripts' : `user state ${found.userStateId}`;
  return { summary: `${scripts} scripts on the first pages; ${state}`, value: found };
}

/** How long to wait for a connection to Redis. */
const connectMs = 5_000;

/** Acquires and releases a lease, as the service does. */
async function checkRedis(url: Secret): Promise<StepResult<undefined>> {
  const redis = createRedis(url, createLog('silent'));
  try {
    await Promise.race([sleep(connectMs), new Promise<void>((resolve) => redis.onConnected(resolve))]);
    await withLease(redis, 'doctor', async () => undefined);
    return { summary: 'acquired and released a lease', value: undefined };
  } catch (error) {
    const cause = error instanceof CallError ? describeCause(error.cause) : String(error);
    throw new Diagnosis(cause, 'check REDIS_URL, that this machine can reach it, and the permissions of its user');
  } finally {
    await redis.close();
  }
}

async function writeBack(
  graph: Graph,
  target: StateRef | undefined,
  options: CallOptions,
): Promise<StepResult<undefined>> {
  if (target === undefined) throw new Error('no user state to write back');
  const { id, userPrincipalName, ...counts } = await graph.userStates.get(target, options);
  const patch = { ...counts, ...(userPrincipalName !== null && { userPrincipalName }) };
  const { graph: ids } = await graph.userStates.update(target, patch, options);
  return {
    summary: `wrote ${Object.keys(patch).join(', ')} of ${id} back unchanged (request ${ids.requestId})`,
    value: undefined,
  };
}

async function examine(write: boolean): Promise<void> {
  const config = await step('settings', async () => {
    const value = loadConfig(readEnvironment());
    return { summary: `GRAPH_CREDENTIAL=${value.GRAPH_CREDENTIAL}, SIGN_IN=${value.SIGN_IN}`, value };
  });
  const { REDIS_URL } = config;
  if (REDIS_URL !== undefined) await step('redis', () => checkRedis(REDIS_URL));
  if (config.GRAPH_CREDENTIAL === 'signed-in-user') {
    report('skip', 'token', 'signed-in-user: the service has no token of its own; sign in and check the console');
    return;
  }
  const connection = await step('graph', async () => {
    const value = await connectGraph(config);
    return { summary: config.GRAPH_CREDENTIAL === 'simulator' ? 'the built-in simulator' : value.baseUrl.href, value };
  });
  const { baseUrl, credential } = connection;
  const log = createLog('silent');
  const tokens = createTokenSource(credential, graphScope(baseUrl), log);
  const graph = createGraph({
    baseUrl,
    cursors: createCursorCodec([]),
    deadlineMs: config.GRAPH_DEADLINE_MS,
    writesPer20s: config.GRAPH_WRITES_PER_20S,
    log,
    observer: noMetrics.graph,
  });
  const options = { caller: { tokens, fairnessKey: 'doctor' } };
  try {
    const token = await step('token', async () => ({
      summary: `acquired a token for ${graphScope(baseUrl)}`,
      value: await tokens.get({ signal: AbortSignal.timeout(config.GRAPH_DEADLINE_MS) }),
    }));
    await step('permissions', async () => {
      const permissions = permissionsIn(token);
      if (permissions === undefined)
        return { summary: 'the token is opaque: the next step shows whether it suffices', value: undefined };
      if (permissions.includes(requiredPermission))
        return { summary: `${requiredPermission} is granted`, value: undefined };
      throw new Diagnosis(
        `permissions in the token: ${permissions.join(', ') || 'none'}`,
        adviceByReason.GRAPH_PERMISSION_MISSING,
      );
    });
    const state = await step('read', () => findState(graph, options));
    if (write) await step('write', () => writeBack(graph, state, options));
    else report('skip', 'write', '`npm run doctor -- --write` writes the values of a user state back unchanged');
  } finally {
    await graph.close();
    await connection.close();
  }
}

async function main(): Promise<void> {
  const [option, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (option !== undefined && option !== '--write')) {
    console.error('usage: npm run doctor [-- --write]');
    process.exitCode = 1;
    return;
  }
  await examine(option === '--write');
}

main().catch((error: unknown) => {
  if (!(error instanceof StepFailed)) console.error(error);
  process.exitCode = 1;
});
