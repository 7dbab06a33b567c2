import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { memoryBytes } from '../bench/process-usage.js';
import type { Row } from '../support/bulk.js';
import { delegated, signInUser, type TestUser } from '../support/delegated.js';
import { usedHeap } from '../support/heap.js';
import { readManifests } from '../support/manifests.js';
import { limitMemory } from '../support/memory-limit.js';
import { addressOf, startProgram } from '../support/program.js';
import { startProvider } from '../support/provider.js';
import { startTestSimulator } from '../support/simulator.js';
import { findState } from '../support/states.js';

const mebibyte = 1024 * 1024;
const operators = 8;
const callsPerOperator = 3;
const rowsPerCall = 5000;
const attempts = 2;

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [{ readonly resources: { readonly limits: { memory: string } } }];
      };
    };
  };
}

/** The memory of a replica, from the manifest. */
async function memoryLimit(): Promise<number> {
  const found = (await readManifests()).find(({ object }) => object.kind === 'Deployment')?.object;
  const { memory } = (found as unknown as Deployment).spec.template.spec.containers[0].resources.limits;
  const [, mebibytes] = /^(\d+)Mi$/.exec(memory) ?? expect.fail(memory);
  return Number(mebibytes) * mebibyte;
}

/** The options of Node in the image. */
function imageFlags(): string[] {
  const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  return (JSON.parse(command) as string[]).filter((word) => word.startsWith('--'));
}

/** A body of 5,000 rows. Their ids are as long as Graph's; with long names, it has nearly 4 MiB. */
function bodyOf(call: number, hasLongNames: boolean): Buffer {
  const guid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const updates = Array.from({ length: rowsPerCall }, (_, index): Row => {
    const scriptId = guid(index % 50);
    const userPrincipalName = hasLongNames ? `漢${'x'.repeat(500)}${index}` : undefined;
    return {
      scriptKind: 'deviceShellScript',
      scriptId,
      userStateId: `${scriptId}:${guid(call * rowsPerCall + index)}`,
      patch: { successDeviceCount: index, errorDeviceCount: index, ...(userPrincipalName && { userPrincipalName }) },
    };
  });
  return Buffer.from(JSON.stringify({ 0: { updates } }));
}

interface BulkCall {
  /** Whether its rows were admitted. Otherwise the service has rejected it as overloaded. */
  readonly isAdmitted: boolean;
  readonly response: IncomingMessage;
}

/** Calls `updateMany`, and reads no more than the beginning of the response. */
async function callMany(address: string, { agent }: TestUser, body: Buffer): Promise<BulkCall> {
  const sent = request(`${address}/trpc/scriptUserState.updateMany?batch=1`, {
    method: 'POST',
    agent: new Agent(),
    headers: {
      'x-csrf': '1',
      cookie: agent.cookies().join('; '),
      'content-type': 'application/json',
      'content-length': body.length,
      'trpc-accept': 'application/jsonl',
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  for (const each of [sent, response]) each.on('error', () => undefined);
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await expect.poll(() => /"progress"|"retryAfterMs"/.test(text)).toBe(true);
  response.pause();
  const isAdmitted = text.includes('"progress"');
  if (!isAdmitted) expect(text).toMatch(/"reason":"OVERLOADED".*"retryAfterMs":\d+/);
  return { isAdmitted, response };
}

test('a replica with the memory of the manifest survives more bulk updates than it admits', async () => {
  const limit = await memoryLimit();
  const group = limitMemory(limit);
  // Without a control group, Node cannot know the memory that it may use: by default, its heap is half of that.
  const flags = group === undefined ? [`--max-old-space-size=${limit / 2 / mebibyte}`] : [];
  const simulator = await startTestSimulator();
  const known = await findState(simulator);
  const provider = await startProvider({ register: (token) => simulator.register(token), users: operators + 1 });
  const program = startProgram(
    '--inspect=127.0.0.1:0',
    { ...delegated(simulator, provider), NODE_ENV: 'production', GRAPH_DEADLINE_MS: '120000', PORT: '0' },
    [...flags, ...imageFlags(), 'dist/main.js'],
    group?.launcher,
  );
  onTestFinished(async () => {
    await program.stop();
    group?.remove();
    await Promise.all([simulator.close(), provider.stop()]);
  });
  const address = await addressOf(program);
  const service = { address, url: new URL(address) };
  const signIn = () => signInUser(service, provider.issuer);
  const users = await Promise.all(Array.from({ length: operators }, signIn));
  const single = await signIn();
  const update = (successDeviceCount: number) =>
    single.client.scriptUserState.update.mutate({ ...known.target, patch: { successDeviceCount } });
  async function updateSome(): Promise<void> {
    for (const count of [1, 2, 3]) expect(await update(count)).toMatchObject({ successDeviceCount: count });
  }
  await updateSome();
  const idle = await usedHeap(program);

  // Two of the operators send the longest bodies. Each rejected call is repeated at once.
  const load = users.flatMap((user, operator) =>
    Array.from({ length: callsPerOperator }, async (_, index): Promise<BulkCall> => {
      const body = bodyOf(operator * callsPerOperator + index, operator < 2);
      let last = await callMany(address, user, body);
      for (let count = 1; count < attempts && !last.isAdmitted; count++) last = await callMany(address, user, body);
      return last;
    }),
  );
  const [calls] = await Promise.all([Promise.all(load), updateSome()]);
  const admitted = calls.filter(({ isAdmitted }) => isAdmitted);
  expect(admitted.length * rowsPerCall).toBeGreaterThanOrEqual(10_000);
  expect(admitted.length * rowsPerCall).toBeLessThanOrEqual(40_000);
  await updateSome();
  const held = (await usedHeap(program)) - idle;
  expect(held / (admitted.length * rowsPerCall)).toBeLessThan(2500);

  for (const { response } of calls) response.destroy();
  await expect.poll(async () => (await usedHeap(program)) - idle).toBeLessThan(20 * mebibyte);
  const [user = single] = users;
  const again = async () => {
    const call = await callMany(address, user, bodyOf(0, false));
    call.response.destroy();
    return call.isAdmitted;
  };
  await expect.poll(again).toBe(true);
  expect(program.child.exitCode).toBeNull();
  expect(memoryBytes(program.pid, 'VmHWM')).toBeLessThan(limit);
});
