import type { TokenCredential } from '@azure/identity';
import type { ClientRegistration } from './auth/client-registration.js';
import { type Config, ConfigError } from './config.js';
import { accessTokenCredential, azureCredential, noCredential } from './graph/tokens/credential.js';
import type { Outbound } from './outbound/outbound.js';

/** The Graph behind the service: its base URL and a credential for it. */
export interface GraphConnection {
  readonly baseUrl: URL;
  readonly credential: TokenCredential;
  /** The service's registration at the simulator's identity provider, if there is one. */
  readonly simulatedRegistration: ClientRegistration | undefined;
  close(): Promise<void>;
}

/**
 * Connects to the Graph that the settings select. The simulator is loaded only if it is selected.
 *
 * @throws {ConfigError} if the simulator is selected in the image, which does not contain it
 */
export async function connectGraph(config: Config, outbound: Outbound): Promise<GraphConnection> {
  if (config.GRAPH_CREDENTIAL === 'simulator') {
    const { startSimulator } = await loadSimulator();
    const simulator = await startSimulator({
      seed: config.SIMULATOR_SEED,
      port: config.SIMULATOR_PORT,
      latencyMs: config.SIMULATOR_LATENCY_MS,
      faults: config.SIMULATOR_FAULTS,
      approval: config.SIMULATOR_APPROVAL === 'on',
      writesPer20s: config.SIMULATOR_WRITES_PER_20S,
      identity: config.SIGN_IN === 'oidc' && config.OIDC_ISSUER === undefined,
    });
    return {
      baseUrl: new URL(simulator.baseUrl),
      credential: simulator.credential,
      simulatedRegistration: simulator.identity && {
        ...simulator.identity,
        issuer: new URL(simulator.identity.issuer),
      },
      close: () => simulator.close(),
    };
  }
  return {
    baseUrl: config.GRAPH_BASE_URL,
    credential: chooseCredential(config, outbound),
    simulatedRegistration: undefined,
    close: async () => undefined,
  };
}

async function loadSimulator() {
  try {
    return await import('./simulator/simulator.js');
  } catch (error) {
    if (!(error instanceof Error && /Cannot find module '[^']*simulator\.js'/.test(error.message))) throw error;
    const requirement = 'access-token, azure or signed-in-user: this image does not contain the simulator';
    throw new ConfigError(`Invalid settings:\n  GRAPH_CREDENTIAL: must be ${requirement}`);
  }
}

function chooseCredential({ GRAPH_CREDENTIAL, GRAPH_ACCESS_TOKEN }: Config, { fetch }: Outbound): TokenCredential {
  if (GRAPH_CREDENTIAL === 'azure') return azureCredential(fetch);
  const configuredToken = GRAPH_CREDENTIAL === 'access-token' ? GRAPH_ACCESS_TOKEN : undefined;
  return configuredToken === undefined ? noCredential() : accessTokenCredential(configuredToken.reveal());
}
