import type { Express } from 'express';
import { Pool } from 'undici';
import { type AppParts, createApp } from '../../src/app.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { streamHandler } from '../../src/http/trpc/stream-handler.js';
import { canaryToken } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import { startTestApp, type TestAppOptions } from './test-app.js';

/** A request, to the byte as a caller may write it. */
export interface Sent {
  readonly path: string;
  /** POST where there is a body, else GET. */
  readonly method?: string;
  readonly body?: string | Buffer | undefined;
  /** Beside those of a plain call; `undefined` takes one of these away, a list sends several of a name. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** All of an answer that must not depend on who gives it. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** What the JSON holds, of several lines each; without what is new in every answer. */
  readonly body: unknown;
}

/** One app over HTTP. */
export interface Handler {
  readonly address: string;
  /** Whether a plain call is answered piece by piece, as tRPC's adapter does with its web streams. */
  readonly writesPieces: () => Promise<boolean>;
  send(sent: Sent): Promise<Seen>;
}

/** The app as it is and its twin, before one and the same simulator. */
export interface HandlerComparison {
  readonly simulator: TestSimulator;
  readonly own: Handler;
  /** The same app, whose calls are all answered by tRPC's own adapter. */
  readonly stock: Handler;
  stop(): Promise<void>;
}

/** How the two apps differ from the service's. */
export type ComparisonOptions = Pick<TestAppOptions, 'authenticate' | 'signIn' | 'wrapGraph'>;

/** Starts them. Each has a Graph layer of its own, so that what befalls the one leaves the other as it was. */
export async function startHandlerComparison(options: ComparisonOptions): Promise<HandlerComparison> {
  const simulator = await startTestSimulator();
  await simulator.register(canaryToken);
  await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  const cursors = createCursorCodec([]);
  const own = await startHandler(createApp, simulator, cursors, options);
  const stock = await startHandler(createStockApp, simulator, cursors, options);
  return {
    simulator,
    own,
    stock,
    async stop() {
      await simulator.reset();
      await own.stop();
      await stock.stop();
      await simulator.close();
    },
  };
}

/** The app with another last handler on the way of calls, and nothing else: the guards are the app's own. */
function createStockApp(parts: AppParts): Express {
  const app = createApp(parts);
  const route = app.router.stack.find((layer) => layer.route?.path === '/trpc/:calls')?.route;
  const last = route?.stack.at(-1)?.handle;
  if (route === undefined || last === undefined) throw new Error('the app has no way of calls');
  const stock = streamHandler(parts);
  // Express keeps the handlers once for each method.
  for (const layer of route.stack) {
    if (layer.handle === last) layer.handle = stock;
  }
  return app;
}

async function startHandler(
  create: (parts: AppParts) => Express,
  simulator: TestSimulator,
  cursors: ReturnType<typeof createCursorCodec>,
  options: ComparisonOptions,
): Promise<Handler & { stop(): Promise<void> }> {
  const app = await startTestApp({
    signIn: false,
    ...options,
    create,
    cursors,
    graphUrl: simulator.baseUrl,
    writesPer20s: 1_000_000,
  });
  const { address } = app;
  const pool = new Pool(address);
  return {
    address,
    async writesPieces() {
      const answer = await pool.request({ method: 'GET', path: '/trpc/session.current', headers: { 'x-csrf': '1' } });
      await answer.body.dump();
      return answer.headers['transfer-encoding'] === 'chunked';
    },
    async send({ path, body, method = body === undefined ? 'GET' : 'POST', headers = {} }) {
      const answer = await pool.request({ method, path, body: body ?? null, headers: lines(method, headers) });
      return seen(answer.statusCode, answer.headers, await answer.body.text());
    },
    async stop() {
      await pool.close();
      await app.stop();
    },
  };
}

/** The id that every request comes with, and every answer goes with. */
const requestId = 'two-doors';

function lines(method: string, headers: NonNullable<Sent['headers']>): string[] {
  const plain = {
    host: 'localhost',
    'x-csrf': '1',
    'x-request-id': requestId,
    'content-type': method === 'POST' ? 'application/json' : undefined,
  };
  return Object.entries({ ...plain, ...headers }).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [name, each]),
  );
}

const compared = ['content-type', 'vary', 'retry-after', 'allow', 'x-request-id', 'cache-control'] as const;

function seen(status: number, headers: Readonly<Record<string, unknown>>, text: string): Seen {
  const given = headers['x-request-id'];
  const isNew = typeof given === 'string' && given !== requestId;
  const shown = Object.fromEntries(compared.map((name) => [name, headers[name]]));
  return {
    status,
    headers: { ...shown, ...(isNew && { 'x-request-id': placeholder }) },
    body: parse(isNew ? text.replaceAll(given, placeholder) : text),
  };
}

const placeholder = '(new each time)';

/** What Graph and the service make up anew for every call. */
const madeUp = new Set(['clientRequestId', 'activityId', 'approvalCode', 'nextCursor']);

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function withoutNew(name: string, value: unknown): unknown {
  if (typeof value === 'string') {
    if (madeUp.has(name)) return placeholder;
    // Graph's sentence on an approval names its code.
    return name === 'message' ? value.replaceAll(guid, placeholder) : value;
  }
  const hasId = name === 'graph' && typeof value === 'object' && value !== null && 'requestId' in value;
  return hasId ? { ...value, requestId: placeholder } : value;
}

/** JSON as what it holds, and anything else line by line. */
function parse(text: string): unknown {
  const whole = parseLine(text);
  return whole === undefined ? text.split('\n').map((line) => parseLine(line) ?? line) : whole;
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text, withoutNew);
  } catch {
    return undefined;
  }
}
