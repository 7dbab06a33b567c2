import { loadConfig } from '../../src/config.js';
import { startSimulator } from '../../src/simulator/simulator.js';

const withoutLimit = 1_000_000_000;

// A measurement can set a lower quota later.
const { url } = await startSimulator({
  writesPer20s: withoutLimit,
  requestsPer20s: withoutLimit,
  faults: loadConfig(process.env).SIMULATOR_FAULTS,
});
console.log(`listening on ${url}`);
