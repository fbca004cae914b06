import t from 'tap'
import { isJobId, makeJobId } from '../../lib/job/id.js'

t.test('a new id is random, has the shape of our ids, and is no number', async t => {
  const ids = Array.from({ length: 1_000 }, makeJobId)
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) {
    if (!isJobId(id)) t.fail(id)
    if (encodeURIComponent(id) !== id || id.includes(':')) t.fail(`${id} is not safe in a URL or a key`)
  }
  t.match(ids[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a random UUID')
})

t.test('what is no id of ours', async t => {
  const id = '6f1c2b1e-8f0a-4b57-9d3e-2a7c5d4e9f10'
  t.ok(isJobId(id))
  const others = [
    '', '1', '42', 'repeat:a:1', id.toUpperCase(), ` ${id}`, `${id} `, `${id}\n`, `${id}0`, id.slice(1), id.replace('6', 'g'),
    id.replaceAll('-', ''), `{${id}}`, `urn:uuid:${id}`, `${id}:lock`, '../'.repeat(12), '0'.repeat(10_240), '６'.repeat(36), '__proto__'
  ]
  for (const other of others) t.notOk(isJobId(other), other.slice(0, 50))
})
