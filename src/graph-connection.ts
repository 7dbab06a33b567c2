import type { TokenCredential } from '@azure/identity';
import type { Config } from './config.js';
import { accessTokenCredential, azureCredential, noCredential } from './graph/tokens/credential.js';

/** A Graph to speak to: where it is, and how to get in. */
export interface GraphConnection {
  readonly baseUrl: URL;
  readonly credential: TokenCredential;
  /** The identity provider that came with it. */
  readonly identity: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string } | undefined;
  close(): Promise<void>;
}

/** Finds the Graph that the settings name. The simulator is loaded only here, and only when it is chosen. */
export async function connectGraph(config: Config): Promise<GraphConnection> {
  if (config.GRAPH_CREDENTIAL === 'simulator') {
    const { startSimulator } = await import('./simulator/simulator.js');
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
      identity: simulator.identity,
      close: () => simulator.close(),
    };
  }
  return {
    baseUrl: config.GRAPH_BASE_URL,
    credential: chooseCredential(config),
    identity: undefined,
    close: async () => undefined,
  };
}

function chooseCredential({ GRAPH_CREDENTIAL, GRAPH_ACCESS_TOKEN }: Config): TokenCredential {
  if (GRAPH_CREDENTIAL === 'azure') return azureCredential();
  const handedOver = GRAPH_CREDENTIAL === 'access-token' ? GRAPH_ACCESS_TOKEN : undefined;
  return handedOver === undefined ? noCredential() : accessTokenCredential(handedOver.reveal());
}
