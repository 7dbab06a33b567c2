import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { type Config, ConfigError, loadConfig, readEnvironment } from './config.js';
import { createLog, type LogTarget, openStdout } from './log.js';
import { isLoopback } from './loopback.js';
import { longestStopMs, type Service, startService } from './service.js';

async function main(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const target = process.stdout.isTTY ? await openTerminal() : openStdout();
  const log = createLog(config.LOG_LEVEL, target.stream);
  const service = await startService(config, log).catch(async (error: unknown) => {
    log.fatal({ err: error }, 'the service could not start');
    if (!log.isLevelEnabled('fatal')) console.error('The service could not start.');
    await target.close();
    process.exit(1);
  });
  logStart(service, config, log);
  const logger = {
    error: (message: unknown) => log.fatal(message instanceof Error ? { err: message } : {}, String(message)),
  };
  closeWithGrace({ delay: longestStopMs(config), logger }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'stopping: uncaught error');
    else log.info({ signal }, 'stopping: waiting for calls in flight');
    await service.stop();
    log.info('stopped');
    await target.close();
  });
}

/** Pretty-prints the log on a terminal. */
async function openTerminal(): Promise<LogTarget> {
  const { default: pretty } = await import('pino-pretty');
  return { stream: pretty({ sync: true, ignore: 'pid,hostname' }), close: async () => undefined };
}

function logStart({ url, simulatorUrl }: Service, config: Config, log: Logger): void {
  log.info(`listening on ${url.origin}`);
  if (simulatorUrl !== undefined) {
    log.warn(`SIMULATED DATA: no tenant is connected; control the simulator at ${simulatorUrl.origin}/simulator`);
    log.info(
      `try: curl -s ${url.origin}/trpc/script.list -H 'x-csrf: 1' -H 'content-type: application/json' ` +
        `-d '{"scriptKind":"deviceShellScript"}'`,
    );
  }
  const isExposed = config.NODE_ENV === 'production' || !isLoopback(config.HOST);
  if (config.SIGN_IN === 'oidc' && isExposed && config.PUBLIC_URL?.protocol !== 'https:') {
    log.warn('PUBLIC_URL is not https: browsers send the session cookie unencrypted');
  }
  if (config.REDIS_URL !== undefined && config.SIGN_IN === 'oidc' && config.SESSION_SECRET === undefined) {
    log.warn('SESSION_SECRET is not set: other replicas cannot read the sessions of this one');
  }
}

main().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
});
