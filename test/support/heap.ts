import { once } from 'node:events';
import { WebSocket } from 'undici';
import { z } from 'zod';
import type { Program } from './program.js';

const reply = z.object({ id: z.number(), result: z.object({ usedSize: z.number().optional() }) });

/** Collects the garbage of a program that was started with `--inspect`. @returns the bytes that its heap has in use */
export async function usedHeap(program: Program): Promise<number> {
  const address = /ws:\S+/.exec(program.stderr.join('\n'))?.[0];
  if (address === undefined) throw new Error('the program was started without --inspect');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  try {
    for (const [id, method] of ['HeapProfiler.collectGarbage', 'Runtime.getHeapUsage'].entries()) {
      socket.send(JSON.stringify({ id, method }));
      const [{ data }] = (await once(socket, 'message')) as [{ data: string }];
      const { usedSize } = reply.parse(JSON.parse(data)).result;
      if (usedSize !== undefined) return usedSize;
    }
    throw new Error('the inspector did not respond');
  } finally {
    socket.close();
  }
}
