import t from 'tap'
import { createWorker, defineJob, Type, type JobDefinition } from '../../lib/index.js'
import { onEachEngine, uniqueName } from '../helpers/engines.js'
import { startService } from '../helpers/service.js'

/* Two versions of a definition on one store, as during a deployment: the rows of docs/changes.md. */

const text = Type.String()
const done = Type.Object({ done: Type.Boolean() })

/** What becomes of the job that a client submits: what the processor gets, or how the job fails. */
type End = { got: object } | 'INPUT_INVALID'

interface InputChange {
  before: object
  after: object
  /** What clients of the old and of the new version send. */
  sends: { before: object, after: object }
  /** The input of an old gateway at a new worker. */
  workersFirst: End
  /** The input of a new gateway at an old worker. */
  gatewaysFirst: End
}

const INPUTS: Record<string, InputChange> = {
  'an optional field is added': {
    before: Type.Object({ text }),
    after: Type.Object({ text, language: Type.Optional(text) }),
    sends: { before: { text: 'a' }, after: { text: 'a', language: 'en' } },
    workersFirst: { got: { text: 'a' } },
    gatewaysFirst: { got: { text: 'a', language: 'en' } }
  },
  'an optional field is added, and the old version forbids others': {
    before: Type.Object({ text }, { additionalProperties: false }),
    after: Type.Object({ text, language: Type.Optional(text) }, { additionalProperties: false }),
    sends: { before: { text: 'a' }, after: { text: 'a', language: 'en' } },
    workersFirst: { got: { text: 'a' } },
    gatewaysFirst: { got: { text: 'a' } }
  },
  'a field with a default is added': {
    before: Type.Object({ text }),
    after: Type.Object({ text, language: Type.String({ default: 'en' }) }),
    sends: { before: { text: 'a' }, after: { text: 'a' } },
    workersFirst: { got: { text: 'a', language: 'en' } },
    gatewaysFirst: { got: { text: 'a', language: 'en' } }
  },
  'a required field is added': {
    before: Type.Object({ text }),
    after: Type.Object({ text, language: text }),
    sends: { before: { text: 'a' }, after: { text: 'a', language: 'en' } },
    workersFirst: 'INPUT_INVALID',
    gatewaysFirst: { got: { text: 'a', language: 'en' } }
  },
  'a required field is removed': {
    before: Type.Object({ text, language: text }),
    after: Type.Object({ text }),
    sends: { before: { text: 'a', language: 'en' }, after: { text: 'a' } },
    workersFirst: { got: { text: 'a', language: 'en' } },
    gatewaysFirst: 'INPUT_INVALID'
  },
  'an optional field is removed': {
    before: Type.Object({ text, language: Type.Optional(text) }),
    after: Type.Object({ text }),
    sends: { before: { text: 'a', language: 'en' }, after: { text: 'a' } },
    workersFirst: { got: { text: 'a', language: 'en' } },
    gatewaysFirst: { got: { text: 'a' } }
  },
  'a field is narrowed': {
    before: Type.Object({ text }),
    after: Type.Object({ text: Type.String({ maxLength: 3 }) }),
    sends: { before: { text: 'abcd' }, after: { text: 'abc' } },
    workersFirst: 'INPUT_INVALID',
    gatewaysFirst: { got: { text: 'abc' } }
  },
  'a field is widened': {
    before: Type.Object({ text: Type.String({ maxLength: 3 }) }),
    after: Type.Object({ text }),
    sends: { before: { text: 'abc' }, after: { text: 'abcd' } },
    workersFirst: { got: { text: 'abc' } },
    gatewaysFirst: 'INPUT_INVALID'
  }
}

/** What the worker of one version returns, and the gateway of the other one answers: the same, whatever its own schema says. */
const OUTPUTS: Record<string, { before: object, after: object, returns: { before: object, after: object } }> = {
  'a field is added': {
    before: Type.Object({ a: text }, { additionalProperties: false }),
    after: Type.Object({ a: text, b: text }, { additionalProperties: false }),
    returns: { before: { a: 'a' }, after: { a: 'a', b: 'b' } }
  },
  'a field is removed': {
    before: Type.Object({ a: text, b: text }),
    after: Type.Object({ a: text }),
    returns: { before: { a: 'a', b: 'b' }, after: { a: 'a' } }
  },
  'a field is narrowed': {
    before: Type.Object({ a: text }),
    after: Type.Object({ a: Type.Number() }),
    returns: { before: { a: 'a' }, after: { a: 1 } }
  }
}

t.test('inputs', t => onEachEngine(t, async (t, { connection }) => {
  for (const [change, { before, after, sends, workersFirst, gatewaysFirst }] of Object.entries(INPUTS)) {
    const cases: Array<[order: string, gateway: object, worker: object, sent: object, end: End]> = [
      ['workers first', before, after, sends.before, workersFirst],
      ['gateways first', after, before, sends.after, gatewaysFirst]
    ]
    for (const [order, gateway, worker, sent, end] of cases) {
      const name = uniqueName()
      const version = (input: object): JobDefinition => defineJob({ name, input: Type.Unsafe(input), output: done })
      const { submit, until } = await startService(t, { job: version(gateway), connection })
      let got: unknown
      const running = createWorker(version(worker), input => { got = input; return { done: true } }, { connection })
      t.teardown(() => running.close())
      const { statusCode, body: { jobId } } = await submit(sent)
      t.equal(statusCode, 202)
      const about = `${change}, ${order}`
      if (end === 'INPUT_INVALID') t.match(await until(jobId, 'failed'), { attempt: 1, error: { code: end } }, about)
      else {
        await until(jobId, 'completed')
        t.strictSame(got, end.got, about)
      }
    }
  }
}))

t.test('outputs', t => onEachEngine(t, async (t, { connection }) => {
  for (const [change, { before, after, returns }] of Object.entries(OUTPUTS)) {
    for (const [gateway, worker, returned] of [[before, after, returns.after], [after, before, returns.before]] as const) {
      const name = uniqueName()
      const version = (output: object): JobDefinition => defineJob({ name, input: Type.Object({}), output: Type.Unsafe(output) })
      const { submit, until, result } = await startService(t, { job: version(gateway), connection })
      const running = createWorker(version(worker), () => returned, { connection })
      t.teardown(() => running.close())
      const { body: { jobId } } = await submit({})
      await until(jobId, 'completed')
      t.match(await result(jobId), { statusCode: 200, body: returned }, change)
    }
  }
}))
