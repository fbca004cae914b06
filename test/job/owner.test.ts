import t from 'tap'
import { defineJob, Type } from '../../lib/index.js'
import { checkOwner } from '../../lib/job/owner.js'
import { embeddedConnection, postgresUrl, redisUrl, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

const INVALID = ['a\0b', '\0', '\ud800', 'a\udfffb', '\udc00\ud800']
const VALID = ['a', ' ', '\u0001', '\ufffd', '\ud83d\ude00', '\uffff', 'x'.repeat(10_000)]

t.test('what can be an owner', async t => {
  for (const owner of VALID) t.equal(checkOwner(owner), owner)
  for (const owner of [...INVALID, '', undefined, null, 5, {}]) t.throws(() => checkOwner(owner), { code: 'OWNER_INVALID' })
})

for (const [engine, open] of Object.entries({ redis: async () => redisUrl(), PostgreSQL: async () => postgresUrl(), embedded: embeddedConnection })) {
  t.test(`on ${engine}`, async t => {
    const job = defineJob({ name: uniqueName(), input: Type.Object({}), output: Type.Object({}) })
    let owner = ''
    const { app, submit, status } = await startService(t, { job, connection: await open(t), owner: () => owner })
    for (owner of INVALID) {
      t.match(await submit({}), { statusCode: 500 }, JSON.stringify(owner))
      await t.rejects(app.jobs(job).submit({}, { owner }), { code: 'OWNER_INVALID' })
    }
    for (owner of VALID.slice(0, -1)) {
      const { statusCode, body: { jobId } } = await submit({})
      t.equal(statusCode, 202, JSON.stringify(owner))
      t.equal((await status(jobId)).statusCode, 200)
    }
  })
}
