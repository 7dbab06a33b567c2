import { type Config, loadConfig, readEnvironment } from './config.js';
import { checkCloud } from './doctor/cloud-check.js';
import { Diagnosis, grantApprovalPermission, grantPermission } from './doctor/diagnosis.js';
import { checkProvider } from './doctor/provider-check.js';
import { checkReads } from './doctor/reads.js';
import { checkRedis } from './doctor/redis-check.js';
import { createResponseLog } from './doctor/response-log.js';
import { report, StepFailed, type StepResult, step } from './doctor/steps.js';
import { writeBack } from './doctor/write-back.js';
import { createGraph } from './graph/graph-service.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { graphScope } from './graph/tokens/credential.js';
import { createTokenSource } from './graph/tokens/credential-token-source.js';
import { approvalPermission, permissionsIn, requiredPermission } from './graph/tokens/permissions.js';
import { connectGraph, type GraphConnection } from './graph-backend.js';
import { createLog } from './log.js';
import { createOutbound, type Outbound } from './outbound/outbound.js';

/** Checks the settings against the real services, step by step. @throws {StepFailed} */
async function examine(write: boolean): Promise<void> {
  const { env, config } = await step('settings', async () => {
    const { variables, warnings } = readEnvironment();
    const value = { env: variables, config: loadConfig(variables) };
    const { GRAPH_CREDENTIAL, SIGN_IN } = value.config;
    return {
      summary: `GRAPH_CREDENTIAL=${GRAPH_CREDENTIAL}, SIGN_IN=${SIGN_IN}`,
      advice: warnings.join('\n') || undefined,
      value,
    };
  });
  const isSimulator = config.GRAPH_CREDENTIAL === 'simulator';
  if (!isSimulator) await step('cloud', async () => checkCloud(config, env));
  const { REDIS_URL } = config;
  if (REDIS_URL !== undefined) await step('redis', () => checkRedis(REDIS_URL));
  const outbound = createOutbound(config);
  const examineProvider = async () => {
    if (config.SIGN_IN === 'oidc' && config.OIDC_ISSUER !== undefined) await checkProvider(config, outbound.fetch);
  };
  if (config.GRAPH_CREDENTIAL === 'signed-in-user') {
    await examineProvider();
    report('skip', 'token', 'signed-in-user: the service has no token of its own; sign in and check the console');
    return;
  }
  const connection = await step('graph', async () => {
    const value = await connectGraph(config, outbound);
    return { summary: isSimulator ? 'the built-in simulator' : value.baseUrl.href, value };
  });
  try {
    await examineGraph(config, connection, outbound, write);
  } finally {
    await connection.close();
  }
  await examineProvider();
}

async function examineGraph(
  config: Config,
  { baseUrl, credential }: GraphConnection,
  { connect }: Outbound,
  write: boolean,
): Promise<void> {
  const log = createLog('silent');
  const scope = graphScope(baseUrl);
  const tokens = createTokenSource(credential, scope, log);
  const token = await step('token', async () => ({
    summary:
      config.GRAPH_CREDENTIAL === 'access-token' ? 'the token of GRAPH_ACCESS_TOKEN' : `acquired a token for ${scope}`,
    value: await tokens.get({ signal: AbortSignal.timeout(config.GRAPH_DEADLINE_MS) }),
  }));
  await step('permissions', async () => checkPermissions(token));

  const responses = createResponseLog();
  const graph = createGraph({
    baseUrl,
    cursors: createCursorCodec([]),
    deadlineMs: config.GRAPH_DEADLINE_MS,
    writesPer20s: config.GRAPH_WRITES_PER_20S,
    log,
    observer: responses.observer,
    connect,
  });
  const options = { caller: { tokens, fairnessKey: 'doctor' } };
  try {
    const state = await checkReads(graph, responses, options);
    if (write) await step('write', () => writeBack(graph, state, responses, options));
    else report('skip', 'write', '`npm run doctor -- --write` writes the values of a user state back unchanged');
  } finally {
    await graph.close();
  }
}

/** @throws {Diagnosis} */
function checkPermissions(token: string): StepResult<undefined> {
  const permissions = permissionsIn(token);
  if (permissions === undefined) {
    return { summary: 'the token is opaque: the next steps show whether it suffices', value: undefined };
  }
  if (permissions.includes(requiredPermission)) {
    const advice = permissions.includes(approvalPermission) ? undefined : grantApprovalPermission;
    return { summary: `${requiredPermission} is granted`, advice, value: undefined };
  }
  throw new Diagnosis(`permissions in the token: ${permissions.join(', ') || 'none'}`, grantPermission);
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
