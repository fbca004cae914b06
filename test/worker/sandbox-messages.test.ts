import t from 'tap'
import { ChildCommand, ParentCommand } from 'bullmq'
import { CHILD_INIT, CHILD_INIT_COMPLETED, CHILD_INIT_FAILED } from '../../lib/worker/sandbox-messages.js'

t.test('the start is spoken as BullMQ\'s Child speaks it', async t => {
  t.equal(CHILD_INIT, ChildCommand.Init)
  t.equal(CHILD_INIT_FAILED, ParentCommand.InitFailed)
  t.equal(CHILD_INIT_COMPLETED, ParentCommand.InitCompleted)
})
