import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** How many microseconds one tick of the processor accounts is. */
export const tickMicroseconds = 1e6 / ticksPerSecond;

/** The processor time, in microseconds, that all threads of a process have used so far, its own and the kernel's. */
export function processorMicroseconds(pid: number): number {
  const [user, system] = processTicks(pid);
  return (user + system) * tickMicroseconds;
}

/** The times of a process, in ticks: of its own code, the kernel's for it, and both of its children that have ended. */
function processTicks(pid: number | 'self'): readonly [number, number, number, number] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in brackets, may hold spaces; the times are the 14th to 17th fields of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return [user, system, childrenUser, childrenSystem];
}

/** Where the time of all processors has gone so far, in ticks. */
export interface MachineTicks {
  readonly all: number;
  /** Of this process and of its children that have ended. */
  readonly own: number;
  readonly others: number;
  /** Of other machines on the same hardware. */
  readonly stolen: number;
}

/** Reads the accounts of the machine. */
export function machineTicks(): MachineTicks {
  const line = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  // What follows the eighth, guests' time, is in the first already.
  const times = line.split(' ').slice(0, 8).map(Number);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = times;
  const own = sum(processTicks('self'));
  return { all: sum(times), own, others: user + nice + system + interrupts + softInterrupts - own, stolen };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The memory, in bytes, that a process has now (`VmRSS`) or has had at its peak (`VmHWM`). */
export function memoryBytes(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`the system does not tell ${what} of process ${pid}`);
  return Number(kibibytes) * 1024;
}
