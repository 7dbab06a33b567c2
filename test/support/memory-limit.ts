import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A limit on the memory of the processes that are started in it. */
export interface MemoryLimit {
  /** The words before a command that start it within the limit. */
  readonly launcher: readonly string[];
  /** Removes the limit, after its processes have exited. */
  remove(): void;
}

/** Where control groups are, and the file that limits their memory: of version 2 and of version 1. */
const hierarchies = [
  ['/sys/fs/cgroup', 'memory.max'],
  ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
] as const;

/** Creates a control group, as a container has one. `undefined` where this process may not: that needs root. */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  for (const [root, file] of hierarchies) {
    const folder = join(root, `script-state-bff-${process.pid}-${performance.now()}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(folder, file), String(bytes), { flag: 'r+' });
    } catch {
      rmdirSync(folder);
      continue;
    }
    const enter = 'echo $$ > "$0" && exec "$@"';
    return { launcher: ['sh', '-c', enter, join(folder, 'cgroup.procs')], remove: () => rmdirSync(folder) };
  }
  return undefined;
}
