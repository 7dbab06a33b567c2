import type { Logger } from 'pino';
import { createGraphClient } from './client.js';
import type { CursorCodec } from './cursor.js';
import { type Deadline, withDeadline } from './deadline.js';
import { deviceRunState, script, scriptUserState } from './entities.js';
import { GraphError } from './errors.js';
import type { Call, Graph, Written } from './graph.js';
import { createOrder } from './order.js';
import { createPager } from './paging.js';
import { createQuota } from './quota.js';
import { deviceStatesPath, scriptsPath, userStatePath, userStatesPath } from './routes.js';
import type { TokenSource } from './tokens.js';
import { createTransport } from './transport.js';
import { createUserStates } from './user-states.js';
import { createWriter, type Write } from './write.js';

/** What {@link createGraphs} needs. */
export interface GraphOptions {
  /** With the version: `https://graph.microsoft.com/beta`. */
  readonly baseUrl: URL;
  readonly cursors: CursorCodec;
  /** The longest that one call may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly writesPer20s: number;
  /** More calls than this at a time are refused with `OVERLOADED`. */
  readonly maxCalls?: number;
  readonly log: Logger;
}

/** Graph, for whoever's tokens calls are made with. Connections, quota and order are shared by all of them. */
export interface Graphs {
  with(tokens: TokenSource): Graph;
  /** Lets what is under way end, then closes the connections. */
  close(): Promise<void>;
}

/** Builds the Graph layer and joins its parts. */
export function createGraphs({ deadlineMs, maxCalls = 2000, ...options }: GraphOptions): Graphs {
  const baseUrl = new URL(options.baseUrl.href.replace(/\/*$/, '/'));
  const transport = createTransport(baseUrl.origin);
  const quota = createQuota(options.writesPer20s);
  const inOrder = createOrder();
  const underWay = new Set<Promise<unknown>>();

  async function run<T>(call: Call, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (underWay.size >= maxCalls) throw new GraphError('OVERLOADED', { retryAfterMs: 1000 });
    const running = withDeadline(deadlineMs, call.signal, async (deadline) => {
      deadline.throwIfClosed();
      return work(deadline);
    });
    underWay.add(running);
    try {
      return await running;
    } finally {
      underWay.delete(running);
    }
  }

  function bind(tokens: TokenSource): Graph {
    const client = createGraphClient(transport, tokens);
    const page = createPager(client, baseUrl, options.cursors, options.log);
    const write = createWriter(client, quota);
    const states = createUserStates(client, page, baseUrl);

    /** Writes on one state go one after the other, whatever they are. */
    function runWrite<T>(call: Call, work: Write<T>, key = work.request.url.pathname): Promise<Written<T>> {
      // Graph's ids are GUIDs, which are the same in capitals.
      return run(call, (deadline) => inOrder(key.toLowerCase(), deadline, () => write(work, deadline)));
    }

    return {
      userStates: {
        list: (of, cursor, call) => run(call, (d) => page(userStatesPath(of), scriptUserState, cursor, d)),
        get: (target, call) => run(call, (d) => states.get(target, d)),
        update: (target, patch, call) => runWrite(call, states.update(target, patch, call.approval ?? {})),
        create(of, state, call) {
          const key = userStatePath({ ...of, userStateId: state.id ?? crypto.randomUUID() });
          return runWrite(call, states.create(of, state), new URL(key, baseUrl).pathname);
        },
        delete: (target, call) => runWrite(call, states.delete(target)),
      },
      scripts: {
        list: (scriptKind, cursor, call) => run(call, (d) => page(scriptsPath(scriptKind), script, cursor, d)),
      },
      deviceRunStates: {
        list: (target, cursor, call) => run(call, (d) => page(deviceStatesPath(target), deviceRunState, cursor, d)),
      },
    };
  }

  return {
    with: bind,
    async close() {
      await Promise.allSettled(underWay);
      await transport.close();
    },
  };
}
