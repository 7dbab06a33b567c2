import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** The resolution of the system's processor times. */
export const tickMicroseconds = 1e6 / ticksPerSecond;

/** The processor time that all threads of a process have used so far, in user mode and in the kernel. */
export function cpuMicroseconds(pid: number): number {
  const [user, system] = processTicks(pid);
  return (user + system) * tickMicroseconds;
}

/** The processor times of a process in ticks: user mode, kernel, and both for its children that have exited. */
function processTicks(pid: number | 'self'): readonly [number, number, number, number] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in parentheses, may contain spaces. The times are the 14th to 17th fields (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return [user, system, childrenUser, childrenSystem];
}

/** The time of all processors so far, in ticks. */
export interface MachineTicks {
  readonly all: number;
  /** Used by this process and its children that have exited. */
  readonly own: number;
  readonly others: number;
  /** Used by other virtual machines on the same hardware. */
  readonly stolen: number;
}

/** Reads the processor times of the machine. */
export function machineTicks(): MachineTicks {
  const line = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  // The ninth and tenth, guest times, are included in the first two.
  const times = line.split(' ').slice(0, 8).map(Number);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = times;
  const own = sum(processTicks('self'));
  return { all: sum(times), own, others: user + nice + system + interrupts + softInterrupts - own, stolen };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The resident memory of a process, now (`VmRSS`) or at its peak (`VmHWM`). */
export function memoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no ${field}`);
  return Number(kibibytes) * 1024;
}
