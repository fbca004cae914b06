import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackage } from './packages.mjs'
import { endServer, findOnPath, startServer } from './server-process.mjs'

/** Debian's place for nginx, which is on the PATH of root only. */
const DEBIAN = '/usr/sbin/nginx'

/** @returns {string | undefined} its program */
function findNginx () {
  const directory = findOnPath('nginx')
  if (directory !== undefined) return join(directory, 'nginx')
  return existsSync(DEBIAN) ? DEBIAN : undefined
}

/**
 * Installs nginx if it is missing.
 * @throws if that fails; the message says what to do
 */
export async function provideNginx () {
  if (findNginx() === undefined) await installPackage('nginx', 'nginx')
}

/**
 * Starts an nginx that only the caller uses.
 * @param {string} servers the content of `http { … }` in its configuration
 * @returns {Promise<{ reload: () => void, stop: () => Promise<void> }>}
 *   reload: new processes take over; connections of the old ones are cut a moment later
 */
export async function startNginx (servers) {
  const program = findNginx()
  if (program === undefined) throw new Error('nginx is not installed: run the tests with npm test')
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory}/${name};`)
  await writeFile(join(directory, 'nginx.conf'), `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes 1;
    worker_shutdown_timeout 1s;
    pid ${directory}/nginx.pid;
    error_log stderr notice;
    events { worker_connections 256; }
    http {
      access_log off;
      ${temporary.join('\n')}
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      ${servers}
    }
  `)
  const child = await startServer(program, ['-e', 'stderr', '-p', directory, '-c', join(directory, 'nginx.conf')], { ready: 'start worker process', exitSignal: 'SIGTERM' })
  return {
    reload () { child.kill('SIGHUP') },
    async stop () {
      await endServer(child, 'SIGTERM')
      await rm(directory, { recursive: true, force: true })
    }
  }
}
