import t from 'tap'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { lockDirectory } from '../../../lib/engine/embedded/directory-lock.js'
import { identityOf } from '../../../lib/engine/process-identity.js'

t.setTimeout(240_000)

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

const FILE = 'fastify-async-jobs.pid'

t.test('the lock of a process that is gone is none, whoever has its number now', async t => {
  const directory = await temporary()
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  const own = await identityOf(process.pid) as string
  const earlier = own.replace(/\d+$/, '1')
  const begin = performance.now()
  for (const owner of [{ pid: child.pid, identity: earlier }, { pid: process.pid, identity: earlier }, { pid: 1, identity: earlier }]) {
    await writeFile(join(directory, FILE), JSON.stringify(owner))
    const unlock = await lockDirectory(directory)
    await unlock()
  }
  t.ok(performance.now() - begin < 2_000, 'that is known at once')
})

t.test('the lock of a process that lives is one', async t => {
  const directory = await temporary()
  await writeFile(join(directory, FILE), JSON.stringify({ pid: 1, identity: await identityOf(1) }))
  await t.rejects(lockDirectory(directory), { code: 'DIRECTORY_IN_USE', message: /in use by process 1,/ })
})

t.test('of whom nothing is known, a sign of life tells', async t => {
  const elsewhere = async (): Promise<string> => 'another machine, another container 7'
  const nowhere = async (): Promise<undefined> => undefined
  for (const identify of [elsewhere, nowhere]) {
    const directory = await temporary()
    const unlock = await lockDirectory(directory, identify)
    await t.rejects(lockDirectory(directory), { code: 'DIRECTORY_IN_USE' })
    await unlock()
  }
  await Promise.all(['', 'nonsense', '17', JSON.stringify({ pid: process.pid }), JSON.stringify({ pid: 1, identity: await elsewhere() })].map(async owner => {
    const directory = await temporary()
    await writeFile(join(directory, FILE), owner)
    const unlock = await lockDirectory(directory)
    t.match(JSON.parse(await readFile(join(directory, FILE), 'utf8')), { pid: process.pid }, owner)
    await unlock()
  }))
})

t.test('an owner that lets go while it is watched', async t => {
  const directory = await temporary()
  await writeFile(join(directory, FILE), 'nonsense')
  const locking = lockDirectory(directory)
  await setTimeout(300)
  await rm(join(directory, FILE))
  const unlock = await locking
  t.match(JSON.parse(await readFile(join(directory, FILE), 'utf8')), { pid: process.pid })
  await unlock()
})

t.test('a lock that another process has taken over stays its own', async t => {
  const directory = await temporary()
  const unlock = await lockDirectory(directory)
  await writeFile(join(directory, FILE), '{"pid":1}')
  await unlock()
  t.equal(await readFile(join(directory, FILE), 'utf8'), '{"pid":1}')
  await rm(join(directory, FILE))
  await unlock()
})

t.test('a directory that cannot be written', async t => {
  const directory = await temporary()
  await writeFile(join(directory, 'file'), '')
  await t.rejects(lockDirectory(join(directory, 'file')), { code: 'EEXIST' })
  await t.rejects(lockDirectory('/proc'), { code: 'ENOENT' })
  const odd = await temporary()
  await mkdir(join(odd, FILE))
  await t.rejects(lockDirectory(odd), { code: 'EISDIR' }, 'where the lock is no file')
})
