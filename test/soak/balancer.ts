import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A replica, as the balancer knows it. */
export interface Backend {
  readonly name: string;
  readonly url: string;
  /** Requests that it took and never answered. */
  lost: number;
}

/** Spreads requests over replicas, one after another, and tries none of them twice. */
export interface Balancer {
  readonly url: string;
  /** From now on they take requests while they say that they are ready. */
  add(backend: Backend): void;
  remove(backend: Backend): void;
  /** Requests for which no replica was ready, or none could be reached. */
  readonly refused: number;
  /** Milliseconds in which no replica was ready. */
  readonly downMs: number;
  close(): void;
}

const lookEveryMs = 100;

/** Starts one. It asks each replica for its readiness ten times a second. */
export async function startBalancer(): Promise<Balancer> {
  const backends = new Map<Backend, boolean>();
  // A connection for each request: none is closed just when it is used again.
  const agent = new Agent({ keepAlive: false });
  let next = 0;
  let refused = 0;
  let downMs = 0;
  let isUp = false;

  const timer = setInterval(() => {
    if (isUp && ![...backends.values()].includes(true)) downMs += lookEveryMs;
    for (const backend of backends.keys()) {
      fetch(`${backend.url}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
        ({ status }) => mark(backend, status === 200),
        () => mark(backend, false),
      );
    }
  }, lookEveryMs);

  function mark(backend: Backend, isReady: boolean): void {
    if (backends.has(backend)) backends.set(backend, isReady);
    isUp ||= isReady;
  }

  const server = createServer((incoming, answer) => {
    const ready = [...backends].filter(([, isReady]) => isReady).map(([backend]) => backend);
    const backend = ready[next++ % Math.max(1, ready.length)];
    const refuse = () => {
      refused += 1;
      answer.writeHead(502).end();
    };
    if (backend === undefined) return refuse();
    const { method, url, headers } = incoming;
    let isTaken = false;
    const outgoing = request(`${backend.url}${url}`, { agent, headers, ...(method && { method }) }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.on('error', () => {
        backend.lost += 1;
        answer.destroy();
      });
    });
    outgoing.on('socket', (socket) => socket.once('connect', () => (isTaken = true)));
    outgoing.on('error', () => {
      if (answer.headersSent) return;
      if (!isTaken) return refuse();
      // Whoever went away before the answer has lost nothing.
      if (!answer.destroyed) backend.lost += 1;
      answer.destroy();
    });
    answer.on('close', () => outgoing.destroy());
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
