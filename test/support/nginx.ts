import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './process.js';

/** Whether nginx is installed. */
export const isNginxInstalled = spawnSync('nginx', ['-v']).status === 0;

if (!isNginxInstalled && process.env['CI'] === 'true') throw new Error('CI must have nginx');

/** A running nginx. */
export interface Nginx {
  /** The folder with its configuration. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts nginx with compression.
 *
 * @param server the configuration of its server; `ROOT` stands for the folder in which `files` are
 */
export async function startNginx(port: number, server: string, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  // The workers run as another user.
  await chmod(folder, 0o755);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = `
    daemon off;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n')}
      gzip on;
      gzip_proxied any;
      gzip_min_length 0;
      gzip_types application/json;
      server {
        listen 127.0.0.1:${port};
        ${server.replaceAll('ROOT', folder)}
      }
    }`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const running = startProcess('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
  return {
    folder,
    stop: async () => {
      await running.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  } satisfies Nginx;
}
