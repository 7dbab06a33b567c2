import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy whose target seems to be far away. */
export interface SlowLink {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a proxy.
 *
 * @param target the local port that it leads to
 * @param roundTripMs the time that it adds to a round trip
 */
export async function startSlowLink(target: number, roundTripMs: number): Promise<SlowLink> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(from);
      // Timers of one duration fire in the order in which they were set.
      const later = (work: () => void) => void setTimeout(work, roundTripMs / 2);
      from.setNoDelay(true);
      from.on('data', (data) => later(() => to.write(data)));
      from.on('error', () => to.destroy());
      from.once('close', () => {
        open.delete(from);
        later(() => to.destroy());
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
