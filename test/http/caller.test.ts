import t from 'tap'
import { inspect } from 'node:util'
import type { FastifyRequest } from 'fastify'
import { createCallerOf } from '../../lib/http/caller.js'

const request = { id: 'req-1' } as FastifyRequest

t.test('where a request comes from, and who sent it', async t => {
  t.strictSame(await createCallerOf(undefined, 'https://api.example.com', ({ id }) => `/${id}`)(request), { path: '/req-1', base: 'https://api.example.com/req-1', owner: undefined })
  t.strictSame(await createCallerOf(({ id }) => `owner of ${id}`, '', () => '')(request), { path: '', base: '', owner: 'owner of req-1' })
  t.strictSame(await createCallerOf(async () => 'alice', '', () => '')(request), { path: '', base: '', owner: 'alice' })
})

t.test('nobody is never everybody', async t => {
  for (const [owner, shown] of [[undefined, 'undefined'], [null, 'null'], ['', '\'\''], [5, '5'], [{ id: 'secret' }, '[Object]'], ['\ud800', inspect('\ud800')], ['a\0', inspect('a\0')]]) {
    await t.rejects(createCallerOf(() => owner as string, '', () => '')(request), {
      code: 'OWNER_INVALID', message: `fastify-async-jobs: an owner must be a string that is not empty and well-formed (no U+0000, no half of a surrogate pair), and is ${shown as string}. Throw where a request has no owner`
    })
  }
  const error = new Error('no token')
  await t.rejects(createCallerOf(() => { throw error }, '', () => '')(request), error)
  await t.rejects(createCallerOf(() => Promise.reject(error), '', () => '')(request), error)
})
