import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import t from 'tap'
import { redisDatabase, root, startExample, temporaryDirectory } from '../helpers/example.js'

/*
 * Schemathesis asks the example service whatever its OpenAPI document allows, and what it does not, and follows
 * the links from answer to answer. The same each time; with FUZZ_SECONDS=600 for so long, from another seed each time.
 */

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0)
const python = process.env['SCHEMATHESIS_PYTHON']
if (python === undefined) throw new Error('SCHEMATHESIS_PYTHON is not set: run the tests with npm test')

t.setTimeout(60_000 + seconds * 2_000)

t.test('the example service does what its document says', async t => {
  const { origin, output } = await startExample(t, 'server.js', /\/result\/\$id; echo\n/, { REDIS_URL: redisDatabase(10) })
  const extent = seconds === 0
    ? ['--seed', '1', '--max-examples', '30']
    : ['--seed', String(Date.now() % 2 ** 32), '--max-examples', '1000', '--max-time', String(seconds)]
  const child = spawn(python, [
    '-m', 'schemathesis.cli', '--no-color', '--config-file', resolve(root, 'test/security/schemathesis.toml'),
    'run', `${origin}/docs/json`, '--continue-on-failure', '--request-timeout', '30', ...extent
  ], { cwd: await temporaryDirectory(t), stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill() })
  let told = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { told += String(data) })
  const [code] = await once(child, 'close')
  if (code !== 0) t.comment(told)
  t.equal(code, 0, 'no check fails')
  t.match(told, /Selected: 6\/6\n *Tested: 6\n/, 'all routes were asked')
  t.match(told, /✅ Stateful\n/, 'and by links')
  t.match(output().split('\n').filter(line => line.startsWith('{')), [], 'the service logs no error')
})
