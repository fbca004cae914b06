import t from 'tap'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockDirectory } from '../../lib/engine/directory-lock.js'

async function temporary (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'async-jobs-lock-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

t.test('a directory has one owner at a time', async t => {
  const directory = join(await temporary(), 'not/there/yet')
  const unlock = await lockDirectory(directory)
  await t.rejects(lockDirectory(directory), { code: 'DIRECTORY_IN_USE', message: `the directory ${directory} is in use by process ${process.pid}` })
  await unlock()
  t.strictSame(await readdir(directory), [], 'it leaves nothing behind')
  const again = await lockDirectory(directory)
  await again()
})

t.test('the lock of a process that is gone is none', async t => {
  const directory = await temporary()
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  for (const owner of [String(child.pid), '', 'nonsense']) {
    await writeFile(join(directory, 'fastify-async-jobs.pid'), owner)
    const unlock = await lockDirectory(directory)
    await unlock()
  }
  t.pass('it was taken over')
})

t.test('the lock of somebody else\'s process is one', async t => {
  const directory = await temporary()
  const { kill } = process
  process.kill = () => { throw Object.assign(new Error('not permitted'), { code: 'EPERM' }) }
  t.teardown(() => { process.kill = kill })
  await writeFile(join(directory, 'fastify-async-jobs.pid'), '1')
  await t.rejects(lockDirectory(directory), { code: 'DIRECTORY_IN_USE' })
})

t.test('a directory that cannot be written', async t => {
  const directory = await temporary()
  await writeFile(join(directory, 'file'), '')
  await t.rejects(lockDirectory(join(directory, 'file')), { code: 'EEXIST' })
  await t.rejects(lockDirectory('/proc'), { code: 'ENOENT' })
})
