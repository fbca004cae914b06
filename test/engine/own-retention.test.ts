import t from 'tap'
import { keepOlderJobs } from '../../lib/engine/own-retention.js'

t.test('leaves out the age, and nothing else', async t => {
  const moved: unknown[][] = []
  const move = (...given: unknown[]): never => { moved.push(given); return undefined as never }
  const backend = { moveToCompleted: move, moveToFailed: move }
  keepOlderJobs(backend)
  const cases: Array<[remove: unknown, kept: unknown]> = [[{ age: 5 }, {}], [{ age: 5, count: 3 }, { count: 3 }], [true, true], [false, false], [7, 7], [undefined, undefined]]
  for (const [remove, kept] of cases) {
    void backend.moveToCompleted('job' as never, 'output' as never, remove as never, 'token', true)
    void backend.moveToFailed('job' as never, 'reason', remove as never, 'token', false, {})
    t.strictSame(moved.splice(0), [['job', 'output', kept, 'token', true], ['job', 'reason', kept, 'token', false, {}]])
  }
})
