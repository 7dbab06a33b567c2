import closeWithGrace from 'close-with-grace';
import { type Logger, pino } from 'pino';
import { type Config, ConfigError, loadConfig, readEnvironment } from './config.js';
import { drainGraceMs, type Service, startService } from './service.js';

/** Beside the grace and the longest call: time to close connections. */
const closingMs = 2_000;

async function main(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const log = await createLog(config);
  const service = await startService(config, log).catch((error: unknown) => {
    log.fatal({ err: error }, 'the service could not start');
    process.exit(1);
  });
  greet(service, config, log);
  const logger = {
    error: (message: unknown) => log.fatal(message instanceof Error ? { err: message } : {}, String(message)),
  };
  closeWithGrace({ delay: drainGraceMs + config.GRAPH_DEADLINE_MS + closingMs, logger }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'an uncaught error: stopping');
    else log.info({ signal }, 'stopping: calls in flight are seen through');
    await service.stop();
    log.info('stopped');
  });
}

/** JSON on stdout; prettier when somebody is looking at it. */
async function createLog({ LOG_LEVEL }: Config): Promise<Logger> {
  if (!process.stdout.isTTY) return pino({ level: LOG_LEVEL });
  const { default: pretty } = await import('pino-pretty');
  return pino({ level: LOG_LEVEL }, pretty({ sync: true, ignore: 'pid,hostname' }));
}

function greet({ url, simulatorUrl }: Service, config: Config, log: Logger): void {
  log.info(`listening on ${url.origin}`);
  if (simulatorUrl !== undefined) {
    log.warn(
      `SIMULATED DATA: no tenant is behind this; the simulator can be steered at ${simulatorUrl.origin}/simulator`,
    );
    log.info(
      `try: curl -s ${url.origin}/trpc/script.list -H 'x-csrf: 1' -H 'content-type: application/json' ` +
        `-d '{"scriptKind":"deviceShellScript"}'`,
    );
  }
  if (config.SIGN_IN === 'oidc') {
    log.warn('signing in is not part of this version: every call is answered with SIGN_IN_REQUIRED');
  }
}

main().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
});
