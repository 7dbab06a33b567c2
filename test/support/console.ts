import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';
import { type BrowserSession, createSession } from './browser-session.js';
import { chromiumPath, describeInChromium } from './chromium.js';
import type { Controls } from './controls.js';
import { useFixture } from './fixture.js';
import { startTestService, type TestService } from './service.js';

/** A running service with its simulator, and browser sessions on its console. */
export interface TestConsole {
  readonly service: TestService;
  readonly simulator: Controls;
  openSession(): Promise<BrowserSession>;
  /** Closes all sessions and fails if a browser has reported an error or a violation of the content security policy. */
  closeSessions(): Promise<void>;
  stop(): Promise<void>;
}

let launched: Promise<Browser> | undefined;

/** The browser of this test file. Sessions are isolated by their contexts. */
function sharedBrowser(): Promise<Browser> {
  launched ??= chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: ['--no-sandbox'],
  });
  return launched;
}
afterAll(async () => (await launched)?.close());

/** Starts a service with the given settings. Prefer {@link describeConsole}, which also stops it. */
export async function startConsole(env: Readonly<Record<string, string>> = {}): Promise<TestConsole> {
  const service = await startTestService({ GRAPH_DEADLINE_MS: '5000', ...env });
  const browser = await sharedBrowser();
  const contexts: BrowserContext[] = [];
  const browserErrors: string[] = [];
  async function closeSessions(): Promise<void> {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(browserErrors.splice(0)).toEqual([]);
  }
  return {
    service,
    simulator: service.simulator,
    closeSessions,
    async openSession() {
      const context = await browser.newContext({
        viewport: { width: 1360, height: 850 },
        colorScheme: 'light',
        baseURL: `http://localhost:${service.url.port}`,
        reducedMotion: 'reduce',
      });
      contexts.push(context);
      return createSession(context, browserErrors);
    },
    async stop() {
      await closeSessions();
      await service.stop();
    },
  };
}

/**
 * Describes tests against one service and its console, in Chromium. After each test, it resets the simulator, closes
 * the sessions, and expects that no browser reported an error.
 *
 * @param env settings of the service
 */
export function describeConsole(
  name: string,
  env: Readonly<Record<string, string>>,
  suite: (app: Pick<TestConsole, 'service' | 'simulator' | 'openSession'>) => void,
): void {
  describeInChromium(name, () => {
    const app = useFixture(
      () => startConsole(env),
      (started) => started.stop(),
    );
    afterEach(async () => {
      await app.simulator.settings({ approval: false });
      await app.simulator.reset();
      await app.closeSessions();
    });
    suite(app);
  });
}
