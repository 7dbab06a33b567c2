import { createClient } from 'redis';

/** The commands that a Redis has executed. */
export interface RedisCommands {
  /** Those that clients have sent. */
  readonly sent: number;
  /** Those that their scripts have called. */
  readonly inScripts: number;
}

/** Counts the commands that a Redis executes during some work. */
export async function countRedisCommands(url: string, work: () => Promise<void>): Promise<RedisCommands> {
  const client = createClient({ url });
  await client.connect();
  let sent = 0;
  let inScripts = 0;
  // 1339518083.107412 [0 127.0.0.1:60866] "get" "key", or [0 lua] for a script.
  await client.monitor((line) => {
    if (/^\S+ \[\d+ lua\]/.test(line)) inScripts++;
    else sent++;
  });
  await work();
  client.destroy();
  return { sent, inScripts };
}
