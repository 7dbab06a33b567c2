import { createAudit } from '../../src/api/audit.js';
import { createApp } from '../../src/app.js';
import type { Authenticate } from '../../src/auth/authenticate.js';
import { createGraphService } from '../../src/graph/create-graph.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { accessTokenCredential, graphScope } from '../../src/graph/tokens/credential.js';
import { createTokenSource } from '../../src/graph/tokens/token-source.js';
import { createDrain } from '../../src/http/drain.js';
import { close, createHttpServer, listen } from '../../src/http/server.js';
import { createLog } from '../../src/log.js';
import { canaryToken, createClient, type TestService } from './service.js';

/** Starts the app with a given authentication in the place of sign-in, over HTTP and with the real Graph layer. */
export async function startAppWithUser(
  authenticate: Authenticate,
  graphUrl: string,
): Promise<Pick<TestService, 'client' | 'address' | 'logged' | 'stop'>> {
  const logged: string[] = [];
  const log = createLog('trace', { write: (line: string) => void logged.push(line) });
  const baseUrl = new URL(graphUrl);
  const tokens = createTokenSource(accessTokenCredential(canaryToken), graphScope(baseUrl), log);
  const graphs = createGraphService({
    baseUrl,
    cursors: createCursorCodec([]),
    deadlineMs: 3000,
    writesPer20s: 200,
    log,
  });
  const app = createApp({
    graphFor: (visitor) => graphs.with(tokens, visitor?.person.oid ?? ''),
    graphKind: 'live',
    audit: createAudit(log),
    signIn: { sessions: (_request, _response, next) => next(), routes: undefined, authenticate },
    publicUrl: undefined,
    isStoreUp: async () => true,
    observeCall: undefined,
    observeRefusal: undefined,
    consoleFolder: 'dist/console',
    drain: createDrain(),
    log,
  });
  const server = createHttpServer(app, log);
  const { origin: address } = await listen(server, 0, '127.0.0.1');
  return {
    address,
    client: createClient(address),
    logged,
    async stop() {
      await close(server);
      await graphs.close();
    },
  };
}
