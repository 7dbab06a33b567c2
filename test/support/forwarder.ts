import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A TCP proxy whose target changes, like the address of a managed service after a failover. */
export interface Forwarder {
  readonly port: number;
  /** Changes the target of new connections; open ones keep theirs. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** Starts a proxy. @param target the local port of its first target */
export async function startForwarder(target: number): Promise<Forwarder> {
  let port = target;
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.once('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(next) {
      port = next;
    },
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
