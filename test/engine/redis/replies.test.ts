import t from 'tap'
import { CHECKED, LARGE, toStoredJob, toStoredOutput, type JobReply } from '../../../lib/engine/redis/replies.js'

/** A completed job, as the script tells of it. */
const reply = (output: string | null, timestamp = '5', due: string | null = null): JobReply =>
  [output === null ? 'delayed' : 'completed', due, 2, output, 9, timestamp, '6', output === null ? null : '7', '1', '{"attempts":3}', '40', '']

t.test('a job as it is stored', async t => {
  t.match(toStoredJob(reply('{}'), true), {
    state: 'completed', timestamp: 5, processedOn: 6, finishedOn: 7, attemptsMade: 1, opts: { attempts: 3 }, progress: 40, failedReason: undefined, logs: 2, output: { text: '{}', checked: false }, largeOutput: false, readAt: 9
  })
  t.match(toStoredJob(reply('{}'), false), { output: undefined })
  t.match(toStoredJob(reply(LARGE), true), { output: undefined, largeOutput: true })
})

t.test('when a delayed job is due', async t => {
  t.match(toStoredJob(reply(null, '5', String(1_234 * 0x1000 + 7)), false), { delayedUntil: 1_234 })
})

t.test('a job without the time of its submission cannot be told', async t => {
  t.strictSame(toStoredJob(reply('{}', 'never'), true), { state: 'unreadable', reason: 'its timestamp is no number' })
})

t.test('an output, and whether our worker has checked it', async t => {
  t.strictSame(toStoredOutput(`${CHECKED}{"a":1}`), { text: '{"a":1}', checked: true })
  t.strictSame(toStoredOutput('{"a":1}'), { text: '{"a":1}', checked: false })
  t.strictSame(toStoredOutput(null), { text: 'null', checked: false }, 'of a worker that stores none')
})
