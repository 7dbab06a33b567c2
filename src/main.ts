import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { closedTrail, interruptionFields, openTrailFile, type TrailFile } from './audit/trail.js';
import { type Config, ConfigError, loadConfig, readEnvironment } from './config.js';
import { createLog, serializeError } from './log.js';
import { isLoopback } from './loopback.js';
import { isStdoutClosed, openStdout, reportOnStderr } from './output/standard-streams.js';
import { longestStopMs, type Service, type ServiceOutput, startService } from './service.js';

/** Signals of a crash. With a listener, the process would resume at the instruction that caused them. */
const crashSignals = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'] as const;

async function main(): Promise<void> {
  // Without a listener, Node opens its inspector. `--disable-sigusr1` is unknown to the oldest supported version.
  process.on('SIGUSR1', () => undefined);
  const { variables, warnings } = readEnvironment();
  const config = loadConfig(variables);
  const { close, ...output } = await openOutput(config);
  const { log } = output;
  logWarnings(log);
  for (const warning of warnings) log.warn(warning);
  const service = await startService(config, output).catch(async (error: unknown) => {
    log.fatal({ err: error }, 'the service could not start');
    if (!log.isLevelEnabled('fatal')) await reportOnStderr(60, {}, 'The service could not start.');
    await close();
    process.exit(1);
  });
  logStart(service, config, log);
  const logger = {
    error: (message: unknown) => log.fatal(message instanceof Error ? { err: message } : {}, String(message)),
  };
  // Node raises unhandled rejections as uncaught exceptions, which are handled.
  const notHandled = [...crashSignals, 'unhandledRejection'] as const;
  const skip = config.AUDIT_LOG === 'stdout' ? [...notHandled] : [...notHandled, 'SIGHUP' as const];
  process.off('uncaughtException', onEarlyError);
  closeWithGrace({ delay: longestStopMs(config), logger, skip }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'stopping: uncaught error');
    else log.info({ signal }, 'stopping: waiting for calls in flight');
    await service.stop();
    log.info('stopped');
    await close();
    // On a terminal that was closed, Node fails with SIGABRT when it exits by itself.
    if (signal === 'SIGHUP') process.removeAllListeners(signal).kill(process.pid, signal);
  });
}

/** Reports an output that starts to fail. */
const reportDown = (output: string) => (cause: unknown) => {
  void reportOnStderr(50, { err: serializeError(cause) }, `${output} cannot be written`);
};

/** Opens the log and the audit trail. */
async function openOutput(config: Config): Promise<ServiceOutput & { readonly close: () => Promise<void> }> {
  if (config.AUDIT_LOG === 'stdout') {
    const stdout = await openStdout({
      onDown: reportDown('the log with the audit trail'),
      reportFields: interruptionFields,
    });
    const log = createLog(config.LOG_LEVEL, stdout);
    const isClosed = isStdoutClosed();
    if (isClosed) await reportOnStderr(50, {}, 'stdout is closed: writes need AUDIT_LOG to name a file');
    return {
      log,
      trail: isClosed ? closedTrail() : stdout,
      droppedLines: () => stdout.dropped,
      close: () => stdout.close(),
    };
  }
  const stdout = await openStdout({ onDown: reportDown('the log') });
  const log = createLog(config.LOG_LEVEL, stdout);
  const trail = openTrail(config.AUDIT_LOG, reportDown('the audit trail'));
  process.on('SIGHUP', () => {
    try {
      trail.reopen();
      log.info('the audit trail was opened again');
    } catch (error) {
      log.error({ err: error }, 'the audit trail could not be opened again: the previous file stays in use');
    }
  });
  return {
    log,
    trail,
    droppedLines: () => stdout.dropped,
    async close() {
      await Promise.all([stdout.close(), trail.close()]);
    },
  };
}

function openTrail(path: string, onDown: (cause: unknown) => void): TrailFile {
  try {
    return openTrailFile(path, onDown);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigError(`Invalid settings:\n  AUDIT_LOG: must be stdout or a file that can be written (${code})`);
  }
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

/** Logs Node's warnings as lines, except on a terminal. */
function logWarnings(log: Logger): void {
  if (process.stderr.isTTY) return;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ err: warning }, 'warning of Node'));
}

/** Reports an error before the service runs, and ends the process. */
async function exitOnError(error: unknown): Promise<never> {
  if (error instanceof ConfigError) await reportOnStderr(60, {}, error.message);
  else await reportOnStderr(60, { err: serializeError(error) }, 'the service could not start');
  process.exit(1);
}

const onEarlyError = (error: unknown) => void exitOnError(error);
process.on('uncaughtException', onEarlyError);
main().catch(exitOnError);
