import t, { type Test } from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { JobHandle } from '../../types/handle.js'
import { defineJob, Type } from '../../lib/index.js'
import { registryOf, type Registration } from '../../lib/http/registry.js'

const job = (name: string): JobDefinition => defineJob({ name, input: Type.Null(), output: Type.Null() })
const handle = (): JobHandle<JobDefinition> => ({}) as JobHandle<JobDefinition>
const registration = (definition: JobDefinition, handle: JobHandle<JobDefinition>, prefix: string | undefined, worksOn?: object): Registration => ({ definition, handle, prefix, worksOn })

function newApp (t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

t.test('gives the handle of a job by its definition', async t => {
  const app = newApp(t)
  const [one, two] = [handle(), handle()]
  registryOf(app).add(registration(job('one'), one, '/one'))
  registryOf(app).add(registration(job('two'), two, '/two'))
  t.equal(app.jobs(job('one')), one)
  t.equal(app.jobs(job('two')), two)
})

t.test('a job that is not registered', async t => {
  const app = newApp(t)
  registryOf(app)
  t.throws(() => app.jobs(job('analysis')), {
    code: 'JOB_NOT_REGISTERED', message: 'fastify-async-jobs: no job "analysis" is registered here. Register the plugin with it before it is used'
  })
})

t.test('one prefix is for one job', async t => {
  const cases: Array<[prefix: string, shown: string]> = [['/jobs', '/jobs'], ['', '/']]
  for (const [prefix, shown] of cases) {
    const app = newApp(t)
    const first = handle()
    registryOf(app).add(registration(job('one'), first, prefix))
    t.throws(() => { registryOf(app).add(registration(job('two'), handle(), prefix)) }, {
      code: 'PREFIX_TAKEN', message: `fastify-async-jobs: the prefix "${shown}" has the job "one" already. Give the job "two" a prefix of its own`
    })
    t.throws(() => { registryOf(app).add(registration(job('one'), handle(), prefix)) }, { code: 'PREFIX_TAKEN' }, 'for the same job, too')
    t.throws(() => app.jobs(job('two')), { code: 'JOB_NOT_REGISTERED' }, 'what is refused is not registered')
    t.equal(app.jobs(job('one')), first)
  }
})

t.test('one name is for one definition', async t => {
  const app = newApp(t)
  const first = handle()
  registryOf(app).add(registration(job('one'), first, '/one'))
  for (const prefix of ['/two', undefined]) {
    t.throws(() => { registryOf(app).add(registration(job('one'), handle(), prefix)) }, {
      code: 'JOB_TWICE', message: 'fastify-async-jobs: another definition with the name "one" is registered here already. Register that one, or give the job another name'
    })
  }
  t.equal(app.jobs(job('one')), first)
  registryOf(app).add(registration(job('two'), handle(), '/two'))
  t.pass('what was refused does not hold its prefix')
})

t.test('the same job under several prefixes: its handle is that of the first that has routes', async t => {
  const same = job('one')
  const cases: Array<Array<string | undefined>> = [['/v1', '/v2'], ['/v1', undefined], [undefined, '/v1', '/v2'], [undefined, undefined]]
  for (const prefixes of cases) {
    const app = newApp(t)
    const handles = prefixes.map(prefix => {
      const each = handle()
      registryOf(app).add(registration(same, each, prefix))
      return each
    })
    t.equal(app.jobs(same), handles[Math.max(prefixes.findIndex(prefix => prefix !== undefined), 0)])
  }
})

t.test('one job has one worker on a store, wherever in a service it is registered', async t => {
  const app = newApp(t)
  const [store, another] = [{}, {}]
  const same = job('one')
  registryOf(app).add(registration(same, handle(), '/v1', store))
  const refused = { code: 'PROCESSOR_TWICE', message: 'fastify-async-jobs: the job "one" has a processor in this service already. Pass the processor to one registration only' }
  t.throws(() => { registryOf(app).add(registration(same, handle(), '/v2', store)) }, refused)
  await app.register(async inner => {
    t.throws(() => { registryOf(inner).add(registration(same, handle(), '/v2', store)) }, refused)
  })
  registryOf(app).add(registration(same, handle(), '/v2'))
  registryOf(app).add(registration(same, handle(), '/other', another))
  registryOf(newApp(t)).add(registration(same, handle(), '/v1', store))
  t.pass('another store, and another service, have their own')
})

t.test('jobs without routes need no prefix', async t => {
  const app = newApp(t)
  const [one, two] = [handle(), handle()]
  registryOf(app).add(registration(job('one'), one, undefined))
  registryOf(app).add(registration(job('two'), two, undefined))
  t.equal(app.jobs(job('one')), one)
  t.equal(app.jobs(job('two')), two)
})

t.test('plugins see the jobs of what encloses them, and not those of each other', async t => {
  const app = newApp(t)
  registryOf(app).add(registration(job('root'), handle(), '/root'))
  await app.register(async inner => {
    t.equal(typeof inner.jobs(job('root')), 'object')
    registryOf(inner).add(registration(job('inner'), handle(), '/inner'))
    t.equal(typeof inner.jobs(job('root')), 'object')
    t.equal(typeof inner.jobs(job('inner')), 'object')
  })
  t.throws(() => app.jobs(job('inner')), { code: 'JOB_NOT_REGISTERED' })

  const other = newApp(t)
  const [left, right] = [handle(), handle()]
  await other.register(async inner => {
    registryOf(inner).add(registration(job('one'), left, '/one'))
    t.equal(inner.jobs(job('one')), left)
  })
  await other.register(async inner => {
    registryOf(inner).add(registration(job('one'), right, '/two'))
    t.equal(inner.jobs(job('one')), right)
  })
  t.notOk(other.hasDecorator('jobs'))
})

t.test('where `jobs` is something of the host\'s own', async t => {
  const app = newApp(t)
  const own = (): string => 'own'
  app.decorate('jobs', own as never)
  t.throws(() => registryOf(app), { code: 'FST_ERR_DEC_ALREADY_PRESENT', message: "The decorator 'jobs' has already been added!" })
  t.equal(app.jobs, own, 'it stays')
})

/** Who registers, in which order, and what each finds then: itself and what encloses it, by its name; the nearest where several have it. */
const trees: Record<string, { order: string[], finds: Record<string, string[]> }> = {
  'the root first': { order: ['root', 'left', 'left.deep', 'right'], finds: all() },
  'a child first': { order: ['left', 'left.deep', 'root', 'right'], finds: all() },
  'the deepest first, the root last': { order: ['left.deep', 'right', 'left', 'root'], finds: all() },
  'without the root': { order: ['right', 'left.deep'], finds: { 'left.deep': ['left.deep'], right: ['right'] } }
}

function all (): Record<string, string[]> {
  return { root: ['root'], left: ['root', 'left'], 'left.deep': ['root', 'left', 'left.deep'], right: ['root', 'right'] }
}

for (const [name, { order, finds }] of Object.entries(trees)) {
  t.test(`what is found where does not depend on order: ${name}`, async t => {
    const scopes: Record<string, FastifyInstance> = { root: newApp(t) }
    await (scopes['root'] as FastifyInstance).register(async left => {
      scopes['left'] = left
      await left.register(async deep => { scopes['left.deep'] = deep })
    })
    await (scopes['root'] as FastifyInstance).register(async right => { scopes['right'] = right })
    const handles = Object.fromEntries(order.map(scope => [scope, handle()]))
    for (const scope of order) {
      const registry = registryOf(scopes[scope] as FastifyInstance)
      registry.add(registration(job(scope), handles[scope] as JobHandle<JobDefinition>, `/${scope}`))
      registry.add(registration(job('everywhere'), handles[scope] as JobHandle<JobDefinition>, `/${scope}/everywhere`))
    }
    for (const [scope, found] of Object.entries(finds)) {
      const { jobs } = scopes[scope] as FastifyInstance
      for (const each of order) {
        if (found.includes(each)) t.equal(jobs(job(each)), handles[each], `${scope} finds ${each}`)
        else t.throws(() => jobs(job(each)), { code: 'JOB_NOT_REGISTERED' }, `${scope} does not find ${each}`)
      }
      t.equal(jobs(job('everywhere')), handles[scope], `${scope} has its own`)
    }
  })
}

t.test('a prefix is taken in all of a server', async t => {
  const app = newApp(t)
  await app.register(async left => { registryOf(left).add(registration(job('one'), handle(), '/jobs')) })
  await app.register(async right => {
    t.throws(() => { registryOf(right).add(registration(job('two'), handle(), '/jobs')) }, { code: 'PREFIX_TAKEN' })
  })
})
