import t from 'tap'
import { createPost } from '../../../lib/worker/sandbox/post.js'

t.test('whoever sent a message learns when the worker has done with it', async t => {
  const sent: string[] = []
  const settled: unknown[] = []
  const post = createPost(text => { sent.push(text) })
  post.send(id => `first ${id}`, refusals => { settled.push(['first', refusals]) })
  post.send(id => `second ${id}`, refusals => { settled.push(['second', refusals]) })
  t.strictSame(sent, ['first 0', 'second 1'])
  const refusals = { 0: { name: 'Error', message: 'no' } }
  post.done(1, refusals)
  post.done(1, {})
  post.done(99, {})
  t.strictSame(settled, [['second', refusals]], 'once')
})
