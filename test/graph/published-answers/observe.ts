import { expect } from 'vitest';
import { localOperator } from '../../../src/auth/principal.js';
import type { ErrorData } from '../../../src/contract.js';
import { type ScriptedGraph, type SentRequest, startScriptedGraph } from '../../support/scripted-graph.js';
import { startTestApp } from '../../support/test-app.js';
import type { Address, CallResult } from './calls.js';
import { before, type PublishedAnswer } from './published-answer.js';
import { internalHost } from './responses.js';

type AuditLine = Readonly<Record<string, unknown>> & { readonly graph?: ErrorData['graph'] };

/** The effects of a call. */
export interface Observed {
  readonly results: readonly CallResult[];
  readonly graph: ScriptedGraph;
  /** The requests for the state of the row. */
  readonly requests: readonly SentRequest[];
  readonly audit: readonly AuditLine[];
  /** The claims of each request for a token. */
  readonly tokenClaims: readonly (string | undefined)[];
}

/**
 * Makes a call to an app whose Graph sends the responses of a row.
 *
 * @param failsBatches whether Graph responds with an error to a whole batch
 */
export async function observe(
  { responses, reads = [undefined] }: Pick<PublishedAnswer, 'responses' | 'reads'>,
  failsBatches: boolean,
  makeCall: (app: Address) => Promise<readonly CallResult[]>,
): Promise<Observed> {
  const graph = await startScriptedGraph({
    before,
    failsBatches,
    respond: (method, count) =>
      method === 'PATCH' ? (responses[count] ?? responses.at(-1)) : (reads[count] ?? reads.at(-1)),
  });
  const tokenClaims: (string | undefined)[] = [];
  const app = await startTestApp({
    authenticate: localOperator,
    graphUrl: graph.baseUrl,
    signIn: false,
    // Long enough for every wait of the table, on a slow machine too.
    deadlineMs: 20_000,
    credential: {
      async getToken(_scopes, options) {
        tokenClaims.push(options?.claims);
        return { token: `canary-${tokenClaims.length}`, expiresOnTimestamp: Number.POSITIVE_INFINITY };
      },
    },
  });
  try {
    const results = await makeCall(app);
    expect(JSON.stringify(results)).not.toMatch(/canary|<h\d>|Operation ID/i);
    expect(JSON.stringify(results)).not.toContain(internalHost);
    return {
      results,
      graph,
      requests: graph.requests.filter(({ userStateId }) => userStateId === before.id),
      audit: app.logged
        .map((line) => JSON.parse(line) as AuditLine)
        .filter(
          (line) =>
            line['log'] === 'audit' && String(line['userStateId']).toLowerCase() === before.id && 'outcome' in line,
        ),
      tokenClaims,
    };
  } finally {
    await app.stop();
    await graph.close();
  }
}
