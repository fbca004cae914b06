import t from 'tap'
import { loadProcessor } from '../../../lib/worker/sandbox/load.js'
import { fixture } from '../../helpers/sandbox.js'

t.test('a module that has a processor', async t => {
  for (const module of ['processor.js', 'commonjs-processor.cjs']) t.type(await loadProcessor(fixture(module).href), 'function', module)
})

t.test('one that has none', async t => {
  await t.rejects(loadProcessor(fixture('no-processor.js').href), { message: 'it has no function as its default export' })
  await t.rejects(loadProcessor(fixture('nowhere.js').href), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(loadProcessor('data:text/javascript,export default null'), { message: 'it has no function as its default export' })
})
