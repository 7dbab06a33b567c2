import type { TRPCClientError } from '@trpc/client';
import { expect } from 'vitest';
import type { Authenticate } from '../../src/auth/principal.js';
import type { AppRouter, ErrorData } from '../../src/contract.js';
import { createBatchClient } from './clients.js';
import type { FaultRule } from './controls.js';
import { type Pair, startPair } from './pair.js';
import { liveSettings, startTestService, type TestService } from './service.js';
import type { KnownState } from './states.js';
import { startTestApp } from './test-app.js';

type Client = TestService['client'];

/** A call that fails with a reason. `data` has the other expected fields of the error. */
export interface ErrorTrigger {
  readonly when: string;
  readonly data?: Partial<Record<keyof ErrorData, unknown>>;
  readonly call: () => Promise<unknown>;
}

/** Creates triggers for a test table. They use the fixtures only when they are called. */
export function createErrorTriggers(pair: Pair, known: KnownState) {
  const patch = { successDeviceCount: 41 };
  const get = (client: Client, more: object = {}) => client.scriptUserState.get.query({ ...known.target, ...more });
  const update = (client: Client, more: object = {}) =>
    client.scriptUserState.update.mutate({ ...known.target, patch, ...more });

  /** A read and an update while the simulator has this fault. */
  function faulty(
    fault: FaultRule['fault'],
    data: ErrorTrigger['data'] = {},
    rule: Partial<FaultRule> = {},
  ): readonly ErrorTrigger[] {
    const calls = { GET: get, PATCH: update } as const;
    return (['GET', 'PATCH'] as const).flatMap((method) => {
      if (rule.method !== undefined && rule.method !== method) return [];
      const call = async () => {
        await pair.simulator.fault({ fault, times: 'always', ...rule, method });
        return calls[method](pair.service.client);
      };
      return { when: `a ${method} gets ${fault}`, data, call };
    });
  }

  /** A call to a separate service, with other settings. */
  function configured(
    when: string,
    env: Record<string, string>,
    call: (client: Client) => Promise<unknown>,
  ): ErrorTrigger {
    return {
      when,
      async call() {
        const base = liveSettings(pair.simulator, 'unknown-token');
        const service = await startTestService({ ...base, GRAPH_DEADLINE_MS: '1000', ...env });
        try {
          return await call(service.client);
        } finally {
          await service.stop();
        }
      },
    };
  }

  /** A call to the app with the test's own authentication. */
  function served(when: string, authenticate: Authenticate, call: (client: Client) => Promise<unknown>): ErrorTrigger {
    return {
      when,
      async call() {
        const app = await startTestApp({ authenticate, graphUrl: pair.simulator.baseUrl });
        try {
          return await call(app.client);
        } finally {
          await app.stop();
        }
      },
    };
  }

  return { get, update, faulty, configured, served };
}

/** Sends 51 batches of 20 calls, 20 more than the limit. The service rejects those immediately. */
export async function overload(): Promise<void> {
  // However slow the machine is, no call ends before the last one is sent.
  const busy = await startPair({ GRAPH_DEADLINE_MS: '60000' });
  const controller = new AbortController();
  try {
    await busy.simulator.fault({ fault: 'stall', times: 'always', method: 'GET' });
    const client = createBatchClient(busy.service);
    const target = { scriptKind: 'deviceShellScript', scriptId: 'any', userStateId: 'any' } as const;
    const refused: unknown[] = [];
    const { signal } = controller;
    const calls = Array.from({ length: 1020 }, () =>
      client.scriptUserState.get.query(target, { signal }).catch((error: TRPCClientError<AppRouter>) => {
        if (error.data?.reason === 'OVERLOADED') refused.push(error);
      }),
    );
    await expect.poll(() => refused.length).toBe(20);
    controller.abort();
    await Promise.all(calls);
    for (const error of refused) throw error;
  } finally {
    controller.abort();
    await busy.stop();
  }
}
