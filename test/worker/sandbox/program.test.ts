import t from 'tap'
import { existsSync } from 'node:fs'
import { sandboxProgram } from '../../../lib/worker/sandbox/program.js'

t.test('is a file of the package', async t => {
  t.ok(existsSync(sandboxProgram()))
})

t.test('is not in a bundle', async t => {
  for (const here of ['file:///app/server.mjs', 'file:///app/program.js', '']) {
    t.throws(() => sandboxProgram(here), { code: 'OPTION_INVALID', message: /processor cannot be a module where fastify-async-jobs itself is bundled\. Mark it external/ }, here)
  }
})
