import t from 'tap'
import { EventEmitter } from 'node:events'
import { countConnections } from '../../lib/routes/connections.js'

const of = (owner?: string) => ({ base: '', owner })

t.test('an owner may hold so many', async t => {
  const connections = countConnections(2)
  const held = [new EventEmitter(), new EventEmitter()] as const
  for (const connection of held) connections.hold(of('alice'), connection)
  const refused = { code: 'TOO_MANY_CONNECTIONS', statusCode: 429, headers: { 'retry-after': '5' }, message: /^You have 2 event streams/ }
  t.throws(() => { connections.hold(of('alice'), new EventEmitter()) }, refused)
  connections.hold(of('bob'), new EventEmitter())
  held[0].emit('close')
  connections.hold(of('alice'), held[0])
  t.throws(() => { connections.hold(of('alice'), new EventEmitter()) }, refused)
  for (const connection of held) connection.emit('close')
  for (const connection of held) connections.hold(of('alice'), connection)
})

t.test('whoever has no owner, as many as they like', async t => {
  const connections = countConnections(1)
  for (let count = 0; count < 3; count++) connections.hold(of(), new EventEmitter())
  t.pass('none was refused')
})
