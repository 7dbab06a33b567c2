import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig, readEnvironment } from './config.js';
import { CallError, type CallReason } from './errors.js';
import { createGraphService } from './graph/create-graph.js';
import type { Graph } from './graph/graph.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { type StateRef, scriptKinds } from './graph/routes.js';
import { graphScope, permissionsIn, requiredPermission } from './graph/tokens/credential.js';
import { createTokenSource, describeCause } from './graph/tokens/token-source.js';
import { connectGraph } from './graph-connection.js';
import { createLog } from './log.js';
import { createRedis } from './redis/connection.js';
import { withLease } from './redis/lease.js';
import type { Secret } from './secret.js';

/** Ends the examination: the step that failed has been reported. */
class StepFailed extends Error {
  override readonly name = 'Ended';
}

/** A failure with what to do about it. */
class Diagnosis extends Error {
  override readonly name = 'Finding';
  readonly todo: string | undefined;
  constructor(message: string, todo: string | undefined) {
    super(message);
    this.todo = todo;
  }
}

const advice: Partial<Record<CallReason, string>> = {
  CREDENTIAL_UNAVAILABLE: 'check GRAPH_CREDENTIAL and its variables; a token that was handed over may have ended',
  GRAPH_PERMISSION_MISSING: `grant the application ${requiredPermission} and give admin consent; for a person, an Intune role`,
  GRAPH_ROUTE_NOT_IMPLEMENTED: "this tenant's Intune does not offer the operation; ask Microsoft's support",
  GRAPH_UNAVAILABLE: 'check GRAPH_BASE_URL, and that this machine reaches it (firewall, DNS)',
  GRAPH_TIMEOUT: 'Graph is slow or unreachable: try again, or raise GRAPH_DEADLINE_MS',
  GRAPH_PROTOCOL: 'check that GRAPH_BASE_URL is a Microsoft Graph, version included (…/beta)',
  THROTTLED: 'the quota is used up for the moment: try again in a minute',
  APPROVAL_JUSTIFICATION_REQUIRED:
    'the tenant wants multi admin approval: updates need a justification, as the input allows',
  APPROVAL_PENDING: 'the tenant wants multi admin approval: the update waits for a second administrator',
  OUTCOME_UNKNOWN: "the state's own values were written back: look whether they are still right",
};

function report(mark: 'ok' | 'skip' | 'FAIL', name: string, text: string): void {
  console.log(`${mark.padEnd(5)} ${name.padEnd(12)} ${text}`);
}

function toDiagnosis(error: unknown): Diagnosis {
  if (error instanceof Diagnosis) return error;
  if (!(error instanceof CallError))
    return new Diagnosis(error instanceof Error ? error.message : String(error), undefined);
  const { code, publicMessage: explanation, graph } = error.details;
  const cause = error.cause === undefined ? undefined : describeCause(error.cause);
  const ids = Object.entries(graph ?? {}).map(([name, id]) => `${name} ${id}`);
  const known = [error.reason, code, explanation, cause, ...ids].filter(Boolean);
  return new Diagnosis(known.join('; '), advice[error.reason]);
}

/** Does one step; ends everything at the first that fails. */
async function step<T>(name: string, work: () => Promise<{ say: string; value: T }>): Promise<T> {
  try {
    const { say, value } = await work();
    report('ok', name, say);
    return value;
  } catch (error) {
    const { message, todo } = toDiagnosis(error);
    report('FAIL', name, todo === undefined ? message : `${message}\n${' '.repeat(19)}→ ${todo}`);
    throw new StepFailed(name);
  }
}

async function findState(graph: Graph): Promise<{ say: string; value: StateRef | undefined }> {
  let scripts = 0;
  let found: StateRef | undefined;
  for (const scriptKind of scriptKinds) {
    const { items } = await graph.scripts.list(scriptKind, undefined, {});
    scripts += items.length;
    for (const { id: scriptId } of found === undefined ? items.slice(0, 10) : []) {
      const [state] = (await graph.userStates.list({ scriptKind, scriptId }, undefined, {})).items;
      if (state === undefined) continue;
      found = { scriptKind, scriptId, userStateId: state.id };
      await graph.userStates.get(found, {});
      break;
    }
  }
  const state = found === undefined ? 'no user state among the first of them' : `user state ${found.userStateId}`;
  return { say: `${scripts} scripts on the first pages; ${state}`, value: found };
}

/** Redis that has no connection after so long is not there. */
const connectMs = 5_000;

/** Takes a lease and gives it back, as the service does. */
async function checkRedis(url: Secret): Promise<{ say: string; value: undefined }> {
  const redis = createRedis(url, createLog('silent'));
  try {
    await Promise.race([sleep(connectMs), new Promise<void>((resolve) => redis.whenConnected(resolve))]);
    await withLease(redis, 'doctor', async () => undefined);
    return { say: 'a lease was taken and given back', value: undefined };
  } catch (error) {
    const cause = error instanceof CallError ? describeCause(error.cause) : String(error);
    throw new Diagnosis(cause, 'check REDIS_URL, that this machine reaches it, and what its user may do');
  } finally {
    await redis.close();
  }
}

async function writeBack(graph: Graph, target: StateRef | undefined): Promise<{ say: string; value: undefined }> {
  if (target === undefined) throw new Error('there is no user state to write back');
  const { id, userPrincipalName, ...counts } = await graph.userStates.get(target, {});
  const patch = { ...counts, ...(userPrincipalName !== null && { userPrincipalName }) };
  const { graph: ids } = await graph.userStates.update(target, patch, {});
  return {
    say: `wrote ${Object.keys(patch).join(', ')} of ${id} back as they were (request ${ids.requestId})`,
    value: undefined,
  };
}

async function examine(write: boolean): Promise<void> {
  const config = await step('settings', async () => {
    const value = loadConfig(readEnvironment());
    return { say: `GRAPH_CREDENTIAL=${value.GRAPH_CREDENTIAL}, SIGN_IN=${value.SIGN_IN}`, value };
  });
  const { REDIS_URL } = config;
  if (REDIS_URL !== undefined) await step('redis', () => checkRedis(REDIS_URL));
  if (config.GRAPH_CREDENTIAL === 'signed-in-user') {
    report('skip', 'token', "signed-in-user: the tokens are the people's own; sign in and look at the console");
    return;
  }
  const access = await step('graph', async () => {
    const value = await connectGraph(config);
    return { say: config.GRAPH_CREDENTIAL === 'simulator' ? 'the built-in simulator' : value.baseUrl.href, value };
  });
  const { baseUrl, credential } = access;
  const log = createLog('silent');
  const tokens = createTokenSource(credential, graphScope(baseUrl), log);
  const graphs = createGraphService({
    baseUrl,
    cursors: createCursorCodec([]),
    deadlineMs: config.GRAPH_DEADLINE_MS,
    writesPer20s: config.GRAPH_WRITES_PER_20S,
    log,
  });
  const graph = graphs.with(tokens, 'doctor');
  try {
    const token = await step('token', async () => ({
      say: `got one for ${graphScope(baseUrl)}`,
      value: await tokens.get({ signal: AbortSignal.timeout(config.GRAPH_DEADLINE_MS) }),
    }));
    await step('permissions', async () => {
      const permissions = permissionsIn(token);
      if (permissions === undefined) return { say: 'the token can not be read: Graph will tell', value: undefined };
      if (permissions.includes(requiredPermission)) return { say: `${requiredPermission} is there`, value: undefined };
      throw new Diagnosis(`in the token: ${permissions.join(', ') || 'none'}`, advice.GRAPH_PERMISSION_MISSING);
    });
    const state = await step('read', () => findState(graph));
    if (write) await step('write', () => writeBack(graph, state));
    else report('skip', 'write', "not asked for: `npm run doctor -- --write` writes a state's own values back");
  } finally {
    await graphs.close();
    await access.close();
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
