import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from './authority.js';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.js';
import { type Microsoft, microsoftHosts, startMicrosoft } from './microsoft.js';
import { canaryToken } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';

/** Microsoft's hosts with certificates of an authority of its own, and a proxy that leads to them. */
export interface OutboundServers {
  readonly authority: Authority;
  /** The file with the certificate of the authority. */
  readonly authorityPath: string;
  readonly simulator: TestSimulator;
  readonly microsoft: Microsoft;
  readonly proxy: ConnectProxy;
  /** Stops all of them but the proxy, which a test may have replaced. */
  close(): Promise<void>;
}

/** Starts the servers. */
export async function startOutboundServers(): Promise<OutboundServers> {
  const folder = await mkdtemp(join(tmpdir(), 'outbound-'));
  const authority = await createAuthority();
  const authorityPath = join(folder, 'authority.pem');
  await writeFile(authorityPath, authority.certificate);
  const simulator = await startTestSimulator({ token: canaryToken });
  const microsoft = await startMicrosoft(simulator, await authority.issue(microsoftHosts));
  const proxy = await startConnectProxy(microsoft.port);
  return {
    authority,
    authorityPath,
    simulator,
    microsoft,
    proxy,
    async close() {
      await microsoft.close();
      await simulator.close();
      await rm(folder, { recursive: true });
    },
  };
}
