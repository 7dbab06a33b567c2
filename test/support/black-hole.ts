import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A TCP proxy that can swallow everything, as a firewall does that drops packets: connections stay open and silent. */
export interface BlackHole {
  readonly port: number;
  /** From now on, no byte passes in either direction, also on open connections. */
  swallow(): void;
  /** New connections work again. Those that were open remain silent. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a proxy. @param target the local port that it leads to */
export async function startBlackHole(target: number): Promise<BlackHole> {
  let isSwallowing = false;
  const silence = new Set<() => void>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isSwallowing) {
      socket.resume();
      return;
    }
    const onward = connect(target, '127.0.0.1').on('error', () => socket.destroy());
    let isSilent = false;
    silence.add(() => {
      isSilent = true;
    });
    socket.on('data', (data) => isSilent || onward.write(data));
    onward.on('data', (data) => isSilent || socket.write(data));
    socket.once('close', () => onward.destroy());
    onward.once('close', () => isSilent || socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const open = new Set<import('node:net').Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return {
    port: (server.address() as AddressInfo).port,
    swallow() {
      isSwallowing = true;
      for (const each of silence) each();
      silence.clear();
    },
    restore() {
      isSwallowing = false;
    },
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
