import t from 'tap'
import { countConnections } from '../../lib/http/connections.js'

const of = (owner?: string) => ({ path: '', base: '', owner })

t.test('an owner may hold so many', async t => {
  const connections = countConnections(2)
  const [first, second] = [connections.take(of('alice')), connections.take(of('alice'))] as const
  const refused = { code: 'TOO_MANY_CONNECTIONS', statusCode: 429, headers: { 'retry-after': '1' }, message: /^You have 2 event streams/ }
  t.throws(() => connections.take(of('alice')), refused)
  connections.take(of('bob'))
  first()
  const third = connections.take(of('alice'))
  t.throws(() => connections.take(of('alice')), refused)
  for (const release of [second, third]) release()
  for (let count = 0; count < 2; count++) connections.take(of('alice'))
  t.throws(() => connections.take(of('alice')), refused)
})

t.test('whoever has no owner, as many as they like', async t => {
  const connections = countConnections(1)
  for (let count = 0; count < 3; count++) connections.take(of())()
  t.pass('none was refused')
})
