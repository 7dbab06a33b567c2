import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy whose target changes, like the address of a managed service after a failover. */
export interface Forwarder {
  readonly port: number;
  /**
   * The number of round trips to a Redis on all connections, without pings: what is sent before the response to
   * something sent earlier has arrived belongs to the same one.
   */
  readonly roundTrips: number;
  /** Whether nothing that was sent is without a response. */
  readonly isIdle: boolean;
  /** Changes the target of new connections; open ones keep theirs. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

const ping = '*1\r\n$4\r\nPING\r\n';
const pong = '+PONG\r\n';

/**
 * Starts a proxy.
 *
 * @param target the local port of its first target
 * @param delayMs how long it holds data back, in each direction
 */
export async function startForwarder(target: number, delayMs = 0): Promise<Forwarder> {
  let port = target;
  let roundTrips = 0;
  const waiting = new Set<symbol>();

  function forward(from: Socket, to: Socket, onData: (data: Buffer) => void): void {
    from.on('data', (data) => {
      onData(data);
      setTimeout(() => to.write(data), delayMs);
    });
    from.on('error', () => to.destroy());
    from.once('close', () => setTimeout(() => to.destroy(), delayMs));
  }

  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    const self = Symbol('connection');
    forward(socket, onward, (data) => {
      if (data.toString('latin1') === ping) return;
      if (!waiting.has(self)) roundTrips++;
      waiting.add(self);
    });
    forward(onward, socket, (data) => {
      if (data.toString('latin1') !== pong) setTimeout(() => waiting.delete(self), delayMs);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get roundTrips() {
      return roundTrips;
    },
    get isIdle() {
      return waiting.size === 0;
    },
    leadTo(next) {
      port = next;
    },
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
