import { afterEach, beforeEach } from 'vitest';
import { z } from 'zod';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';

/** A Graph entity. */
export const entity = z.looseObject({ id: z.string() });
/** A page of a Graph collection. */
export const list = z.looseObject({ value: z.array(entity), '@odata.nextLink': z.string().optional() });
/** An error in Graph's format. */
export const graphError = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) });
/** The body of a batch's response. */
export const batchBody = z.object({
  responses: z.array(
    z.looseObject({
      id: z.string(),
      status: z.number(),
      headers: z.record(z.string(), z.string()),
      body: z.unknown().optional(),
    }),
  ),
});
/** The response of `POST /simulator/token`. */
export const issuedToken = z.object({ token: z.string(), expiresOnTimestamp: z.number() });

const journal = z.object({
  entries: z.array(
    z.looseObject({
      n: z.number(),
      answeredAtMs: z.number().nullable(),
      method: z.string(),
      path: z.string(),
      status: z.number().nullable(),
      applied: z.boolean(),
      batchItem: z.string().nullable(),
      batch: z.number().nullable(),
      fault: z.string().nullable(),
    }),
  ),
});

/** The body of a valid update. */
export const patch = { '@odata.type': '#microsoft.graph.deviceManagementScriptUserState', successDeviceCount: 77 };

/** Options for `expect.poll`: a slow machine must not fail a test, and a fast one must not wait. */
export const pollOptions = { interval: 5, timeout: 30_000 };

/** The ids of the items of {@link SimulatedGraph.updates}. */
export const updateIds = ['first', 'second', 'third'] as const;

/** The parts of an HTTP request. */
export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The bearer token, by default the one of the test; null for none. */
  readonly token?: string | null;
  readonly signal?: AbortSignal;
}

/** An HTTP response with its body. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined if it is not JSON. */
  readonly json: unknown;
}

/** The simulator of the current test, and a raw HTTP client for it. */
export interface SimulatedGraph {
  simulator: Simulator;
  /** The bearer token of {@link graph} by default. */
  token: string;
  /** A script with 140 user states. */
  scriptId: string;
  /** The path of the script's user states. */
  statesPath: string;
  /** The paths of the first 50 of them. */
  statePaths: readonly string[];
  /** The first of these paths. */
  statePath: string;
  /** Sends a request to a path of the simulated Graph, or to an absolute URL. */
  readonly graph: (path: string, call?: Call) => Promise<Reply>;
  /** Sends a request to a control endpoint. */
  readonly control: (method: string, path: string, body?: unknown) => Promise<Reply>;
  /** Sends the update {@link patch}. */
  readonly write: (headers?: Call['headers']) => Promise<Reply>;
  /** The items of a batch that sends {@link patch} to three states; `firstHeaders` are added to the first item. */
  readonly updates: (firstHeaders?: Readonly<Record<string, string>>) => readonly object[];
  readonly sendBatch: (requests: unknown, call?: Call) => Promise<Reply>;
  /** The entries of the journal. */
  readonly entries: (after?: number) => Promise<z.output<typeof journal>['entries']>;
  /** Starts another simulator, which is closed after the test. */
  readonly start: (options: SimulatorOptions) => Promise<Simulator>;
}

/** Starts a simulator before each test and closes it after the test. */
export function useSimulatedGraph(): SimulatedGraph {
  const started: Simulator[] = [];
  // The properties are assigned before each test.
  const context = {} as SimulatedGraph;

  async function start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = await startSimulator(options);
    started.push(simulator);
    return simulator;
  }

  async function graph(path: string, call: Call = {}): Promise<Reply> {
    const { method = 'GET', headers = {}, body, token = context.token, signal } = call;
    const response = await fetch(path.startsWith('http') ? path : `${context.simulator.baseUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  }

  const control = async (method: string, path: string, body?: unknown) =>
    graph(`${context.simulator.url}/simulator${path}`, { method, token: null, ...(body !== undefined && { body }) });

  beforeEach(async () => {
    context.simulator = await start();
    context.token = (await context.simulator.credential.getToken('scope'))?.token ?? '';
    const scripts = list.parse((await graph('/deviceManagement/deviceShellScripts')).json).value;
    context.scriptId = scripts[3]?.id ?? '';
    context.statesPath = `/deviceManagement/deviceShellScripts/${context.scriptId}/userRunStates`;
    const states = list.parse((await graph(context.statesPath)).json).value;
    context.statePaths = states.map(({ id }) => `${context.statesPath}/${encodeURIComponent(id)}`);
    context.statePath = context.statePaths[0] ?? '';
    await control('DELETE', '/journal');
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.close()));
  });

  return Object.assign(context, {
    graph,
    control,
    start,
    write: (headers: Call['headers'] = {}) => graph(context.statePath, { method: 'PATCH', body: patch, headers }),
    updates: (firstHeaders: Readonly<Record<string, string>> = {}) =>
      updateIds.map((id, index) => ({
        id,
        method: 'PATCH',
        url: context.statePaths[index],
        headers: { 'Content-Type': 'application/json', ...(index === 0 && firstHeaders) },
        body: patch,
      })),
    sendBatch: (requests: unknown, call: Call = {}) =>
      graph('/$batch', { method: 'POST', body: { requests }, ...call }),
    entries: async (after = 0) => journal.parse((await control('GET', `/journal?after=${after}`)).json).entries,
  });
}

/** The text as JSON; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The innermost message of an Intune error within a Graph error. */
export function intuneMessage(reply: Reply): string {
  let { message } = graphError.parse(reply.json).error;
  for (;;) {
    const nested = z.object({ Message: z.string() }).safeParse(parseJson(message));
    if (!nested.success) return message;
    message = nested.data.Message;
  }
}
