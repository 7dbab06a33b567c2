import type { RequestHandler } from 'express';
import { Pool } from 'undici';
import { type AppParts, createApp } from '../../src/app.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { trpcHandler } from '../../src/http/trpc/handler.js';
import { streamHandler } from '../../src/http/trpc/stream-handler.js';
import { canaryToken } from './service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from './simulator.js';
import { startTestApp, type TestAppOptions } from './test-app.js';

/** A request, exactly as a client may write it. */
export interface Sent {
  readonly path: string;
  /** By default POST if there is a body, else GET. */
  readonly method?: string;
  readonly body?: string | Buffer | undefined;
  /** In addition to those of a plain call; `undefined` removes one of these, a list sends several of one name. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The parts of a response that must not depend on the handler. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The parsed JSON, or that of each line. */
  readonly body: unknown;
}

/** One app over HTTP. */
export interface ComparedApp {
  readonly address: string;
  /** Whether the response to a plain call is chunked, which shows that tRPC's adapter sent it. */
  readonly sendsChunked: () => Promise<boolean>;
  send(sent: Sent): Promise<Seen>;
}

/** The app with its own JSON handler and the app with tRPC's adapter, in front of one simulator. */
export interface HandlerComparison {
  readonly simulator: TestSimulator;
  readonly own: ComparedApp;
  /** The same app, except that tRPC's adapter handles all calls. */
  readonly stock: ComparedApp;
  stop(): Promise<void>;
}

/** How the compared apps differ from the real one. */
export type ComparisonOptions = Pick<TestAppOptions, 'authenticate' | 'signIn' | 'wrapGraph'>;

/** Starts both apps. Each has its own Graph layer, so that a failure in one does not affect the other. */
export async function startHandlerComparison(options: ComparisonOptions): Promise<HandlerComparison> {
  const simulator = await startTestSimulator({ token: canaryToken });
  await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
  const cursors = createCursorCodec([]);
  const own = await startApp(trpcHandler, simulator, cursors, options);
  const stock = await startApp(streamHandler, simulator, cursors, options);
  return { simulator, own, stock, stop: () => stopWithSimulator(simulator, own, stock) };
}

async function startApp(
  createHandler: (parts: AppParts) => RequestHandler,
  simulator: TestSimulator,
  cursors: ReturnType<typeof createCursorCodec>,
  options: ComparisonOptions,
): Promise<ComparedApp & { stop(): Promise<void> }> {
  const app = await startTestApp({
    signIn: false,
    ...options,
    create: (parts) => createApp(parts, createHandler(parts)),
    cursors,
    graphUrl: simulator.baseUrl,
    writesPer20s: 1_000_000,
  });
  const { address } = app;
  const pool = new Pool(address);
  return {
    address,
    async sendsChunked() {
      const { headers, body } = await pool.request({
        method: 'GET',
        path: '/trpc/session.current',
        headers: { 'x-csrf': '1' },
      });
      await body.dump();
      return headers['transfer-encoding'] === 'chunked';
    },
    async send({ path, body, method = body === undefined ? 'GET' : 'POST', headers = {} }) {
      const response = await pool.request({ method, path, body: body ?? null, headers: headerLines(method, headers) });
      return normalize(response.statusCode, response.headers, await response.body.text());
    },
    async stop() {
      await pool.close();
      await app.stop();
    },
  };
}

/** The id of every request, unless a test sends another one. */
const requestId = 'comparison';

function headerLines(method: string, headers: NonNullable<Sent['headers']>): string[] {
  const defaults = {
    host: 'localhost',
    'x-csrf': '1',
    'x-request-id': requestId,
    'content-type': method === 'POST' ? 'application/json' : undefined,
  };
  return Object.entries({ ...defaults, ...headers }).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [name, each]),
  );
}

const comparedHeaders = ['content-type', 'vary', 'retry-after', 'allow', 'x-request-id', 'cache-control'] as const;

/** Replaces random values by placeholders. */
function normalize(status: number, headers: Readonly<Record<string, unknown>>, text: string): Seen {
  const sentId = headers['x-request-id'];
  const isRandom = typeof sentId === 'string' && sentId !== requestId;
  const compared: Record<string, unknown> = Object.fromEntries(comparedHeaders.map((name) => [name, headers[name]]));
  // Long responses of the own handler can be compressed, which tRPC's adapter does not offer.
  if (typeof compared['vary'] === 'string') compared['vary'] = compared['vary'].replace(', accept-encoding', '');
  return {
    status,
    headers: { ...compared, ...(isRandom && { 'x-request-id': placeholder }) },
    body: parse((isRandom ? text.replaceAll(sentId, placeholder) : text).replaceAll(nonce, placeholder)),
  };
}

const placeholder = '(random)';

/** The values that Graph and the service generate for every call. `at` is the time of an activity. */
const randomFields = new Set(['clientRequestId', 'activityId', 'approvalCode', 'nextCursor', 'at']);

/** In the page that a browser gets for an unknown address. */
const nonce = /(?<=nonce=")[^"]+/g;

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function replaceRandom(name: string, value: unknown): unknown {
  if (typeof value === 'string') {
    if (randomFields.has(name)) return placeholder;
    // Graph's message about an approval contains its code.
    return name === 'message' ? value.replaceAll(guid, placeholder) : value;
  }
  const hasId = name === 'graph' && typeof value === 'object' && value !== null && 'requestId' in value;
  return hasId ? { ...value, requestId: placeholder } : value;
}

/** Parses JSON, and anything else line by line. */
function parse(text: string): unknown {
  const whole = parseLine(text);
  return whole === undefined ? text.split('\n').map((line) => parseLine(line) ?? line) : whole;
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text, replaceRandom);
  } catch {
    return undefined;
  }
}
