import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A replica behind the balancer. */
export interface Backend {
  readonly name: string;
  readonly url: string;
  /** Requests that it accepted without sending a response. */
  lost: number;
}

/** A round-robin load balancer that sends each request once. */
export interface Balancer {
  readonly url: string;
  /** Adds a replica, which receives requests while it reports that it is ready. */
  add(backend: Backend): void;
  remove(backend: Backend): void;
  /** The number of requests for which no replica was ready or reachable. */
  readonly refused: number;
  /** Milliseconds in which no replica was ready. */
  readonly downMs: number;
  close(): void;
}

const probeIntervalMs = 100;

/** Starts a balancer that probes the readiness of each replica ten times a second. */
export async function startBalancer(): Promise<Balancer> {
  const backends = new Map<Backend, boolean>();
  // One connection for each request, so that none is closed while it is used again.
  const agent = new Agent({ keepAlive: false });
  const lastProbes = new WeakMap<Backend, number>();
  let probes = 0;
  let next = 0;
  let refused = 0;
  let downMs = 0;
  let isUp = false;

  const timer = setInterval(() => {
    if (isUp && ![...backends.values()].includes(true)) downMs += probeIntervalMs;
    const probe = ++probes;
    for (const backend of backends.keys()) {
      fetch(`${backend.url}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
        ({ status }) => mark(backend, status === 200, probe),
        () => mark(backend, false, probe),
      );
    }
  }, probeIntervalMs);

  /** Ignores the result of a probe that is older than the last result. */
  function mark(backend: Backend, isReady: boolean, probe: number): void {
    if (!backends.has(backend) || probe < (lastProbes.get(backend) ?? 0)) return;
    lastProbes.set(backend, probe);
    backends.set(backend, isReady);
    isUp ||= isReady;
  }

  const server = createServer((incoming, reply) => {
    const ready = [...backends].filter(([, isReady]) => isReady).map(([backend]) => backend);
    const backend = ready[next++ % Math.max(1, ready.length)];
    const refuse = () => {
      refused += 1;
      reply.writeHead(502).end();
    };
    if (backend === undefined) return refuse();
    const { method, url, headers } = incoming;
    let isConnected = false;
    const outgoing = request(`${backend.url}${url}`, { agent, headers, ...(method && { method }) }, (response) => {
      reply.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(reply);
      response.on('error', () => {
        backend.lost += 1;
        reply.destroy();
      });
    });
    outgoing.on('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    outgoing.on('error', () => {
      if (reply.headersSent) return;
      if (!isConnected) return refuse();
      // A client that disconnects before the response has lost nothing.
      if (!reply.destroyed) backend.lost += 1;
      reply.destroy();
    });
    reply.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (backend) => void backends.set(backend, false),
    remove: (backend) => void backends.delete(backend),
    get refused() {
      return refused;
    },
    get downMs() {
      return downMs;
    },
    close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
