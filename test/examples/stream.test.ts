import { once } from 'node:events'
import t from 'tap'
import { redisDatabase, root, runExample } from '../helpers/example.js'

t.test('shows the analysis of a book while it grows, and ends', async t => {
  const child = runExample('stream.js', { REDIS_URL: redisDatabase(12) }, root)
  t.teardown(() => { child.kill('SIGKILL') })
  let said = ''
  child.stdout?.on('data', chunk => { said += String(chunk) })
  child.stderr?.on('data', chunk => { said += String(chunk) })
  t.same(await once(child, 'close'), [0, null], said)
  const sections = said.split('\n').filter(line => /^ *\d+ % .*\|/.test(line))
  t.equal(sections.length, 40)
  t.same(sections.map(line => parseInt(line)), sections.map(line => parseInt(line)).sort((a, b) => a - b), 'in the order of the text')
  t.match(sections[1], 'Alice')
  t.match(said, 'completed: 26444 words.')
})
