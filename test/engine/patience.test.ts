import t from 'tap'
import { createPatience } from '../../lib/engine/patience.js'
import { latch } from '../helpers/latch.js'

const refusal = new Error('not now')

/** A question that gets so many refusals first. */
function refusedTimes (times: number): (again: boolean) => Promise<boolean[]> {
  const asked: boolean[] = []
  return async again => {
    asked.push(again)
    if (asked.length <= times) throw refusal
    return asked
  }
}

t.test('asks until there is an answer, and tells of what takes longer', async t => {
  const told: unknown[] = []
  const patience = createPatience((...refused) => { told.push(refused) }, () => { told.push('answered') })
  t.strictSame(await patience.untilAnswered(refusedTimes(2)), [false, true, true])
  t.strictSame(told, [], 'a connection that broke is no outage')
  const refused = latch()
  const later = patience.untilAnswered(async () => { if (patience.refused) { refused.open(); return 1 } throw refusal })
  await Promise.all([patience.untilAnswered(refusedTimes(4)), later, refused.promise])
  t.strictSame(told, [[refusal, 2], 'answered'], 'once for all')
  t.notOk(patience.refused)
})

t.test('an answer for good is thrown at once', async t => {
  const { untilAnswered } = createPatience(() => {}, () => {})
  const never = new TypeError('never')
  await t.rejects(untilAnswered(async again => { if (again) t.fail('it asked again'); throw never }), never)
})

t.test('ends when nobody waits for an answer any more', async t => {
  const { untilAnswered } = createPatience(() => {}, () => {})
  let over = false
  await t.rejects(untilAnswered(async again => { over = again; throw refusal }, () => over), refusal)
})

t.test('asks nothing again when it has ended', async t => {
  const told: string[] = []
  const patience = createPatience(() => { told.push('refused'); patience.end() }, () => { told.push('answered') })
  await t.rejects(patience.untilAnswered(async () => { throw refusal }), refusal)
  t.strictSame(told, ['refused'], 'and does not say that all is well')
  await t.rejects(patience.untilAnswered(async again => { if (again) t.fail('it asked again'); throw refusal }), refusal)
})
