import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** An address that leads elsewhere after a failover, as a managed service's does. */
export interface Forwarder {
  readonly port: number;
  /** From here on new connections lead there; those that are open stay as they are. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** Makes one. @param target the port on this machine where it leads at first */
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
