import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createClient } from '../support/clients.js';
import { freePort, linesOf, useFolder } from '../support/output.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { untilReady } from '../support/service.js';
import { oneState } from '../support/states.js';

const path = useFolder();
const terminals: RunningProcess[] = [];
afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.stop()));
});

interface TerminalService {
  readonly address: string;
  readonly pid: number;
  /** What the terminal shows. */
  readonly shown: () => string;
  /** Closes the terminal, as its window does. */
  readonly closeTerminal: () => Promise<void>;
  /** Resolves with the exit code of the service. */
  readonly exitCode: () => Promise<number>;
}

/** Starts the service on a terminal. */
async function startOnTerminal(env: Readonly<Record<string, string>> = {}): Promise<TerminalService> {
  const port = await freePort();
  const [pidFile, codeFile] = [path('pid'), path('code')];
  // The first shell ends with the terminal, which sends SIGHUP to the others. The second one reports the exit code.
  const SCRIPT = `trap '' HUP; "${process.execPath}" dist/main.js & echo $! >"$PID"; wait $!; echo $? >"$CODE"`;
  const terminal = startProcess('script', ['--quiet', '--command', 'bash -c "$SCRIPT"; true', '/dev/null'], {
    env: { PATH: process.env['PATH'], SHELL: '/bin/bash', SCRIPT, PORT: port, PID: pidFile, CODE: codeFile, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  terminals.push(terminal);
  let text = '';
  terminal.child.stdout?.on('data', (data: Buffer) => {
    text += data.toString();
  });
  await expect.poll(() => text).toContain('try: curl');
  return {
    address: `http://127.0.0.1:${port}`,
    pid: Number(readFileSync(pidFile, 'utf8')),
    shown: () => text,
    closeTerminal: () => terminal.stop(),
    async exitCode() {
      await expect.poll(() => (existsSync(codeFile) ? readFileSync(codeFile, 'utf8') : '')).toMatch(/\d/);
      return Number(readFileSync(codeFile, 'utf8'));
    },
  };
}

const signalCode = (signal: number) => 128 + signal;

describe('on a terminal', () => {
  test('lines are formatted for reading, and SIGTERM stops the process', async () => {
    const { shown, pid, exitCode } = await startOnTerminal();
    expect(shown()).toMatch(/INFO.*listening on http/);
    expect(shown()).not.toContain('{"level"');
    process.kill(pid, 'SIGTERM');
    expect(await exitCode()).toBe(0);
    expect(shown()).toContain('stopped');
  });

  test('the process stops when the terminal is closed', async () => {
    const { closeTerminal, exitCode } = await startOnTerminal();
    await closeTerminal();
    expect(await exitCode()).toBe(signalCode(1));
  });

  test('the process continues without its log if the trail is in a file', async () => {
    const { address, pid, closeTerminal } = await startOnTerminal({ AUDIT_LOG: path('trail') });
    await closeTerminal();
    const client = createClient(address);
    const { target } = await oneState({ client });
    for (let value = 0; value < 20; value++) {
      await client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: value } });
    }
    expect(linesOf(path('trail'))).toHaveLength(40);
    await untilReady(address);
    process.kill(pid, 'SIGTERM');
    const isListening = () => fetch(`${address}/healthz`).then(Boolean, () => false);
    await expect.poll(isListening).toBe(false);
  });
});
