import t from 'tap'
import { loadPeer } from '../../lib/engine/load-peer.js'

t.test('gives the module', async t => {
  const module = { name: 'pg' }
  t.equal(await loadPeer('pg', async () => module), module)
  t.equal((await loadPeer('node:path', () => import('node:path'))).sep, (await import('node:path')).sep)
})

t.test('tells how to install what is missing', async t => {
  const nowhere = 'a-package-that-does-not-exist'
  const loaders: Array<() => Promise<unknown>> = [
    () => import(nowhere),
    async () => { throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' }) }
  ]
  for (const load of loaders) {
    await t.rejects(loadPeer('@electric-sql/pglite', load), {
      code: 'PEER_MISSING', message: 'fastify-async-jobs: this connection needs the package "@electric-sql/pglite". Install it: npm install @electric-sql/pglite'
    })
  }
})

t.test('any other failure is told as it is', async t => {
  const failures = [new SyntaxError('Unexpected token'), Object.assign(new Error('not allowed'), { code: 'EACCES' }), 'a string', undefined]
  for (const failure of failures) {
    // Not t.rejects, for which undefined is no rejection.
    const caught = await loadPeer('pg', async () => { throw failure }).then(() => t.fail('it loaded'), (error: unknown) => error)
    t.equal(caught, failure)
  }
})
