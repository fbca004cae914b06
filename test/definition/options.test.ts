import t from 'tap'
import type { JobOptions } from '../../types/options.js'
import { resolveJobOptions } from '../../lib/definition/options.js'
import { bare, define, definition, definitionDefaults, refuses, schemas } from '../helpers/options.js'

t.test('options of defineJob', async t => {
  t.test('what is left out gets its default', async t => {
    t.strictSame(define({}), definitionDefaults)
    t.strictSame(define({ description: undefined, attempts: undefined, backoff: undefined, timeout: undefined, retention: undefined }), definitionDefaults)
    t.strictSame(define({ description: 'Finds feelings.', startBy: 60 }), { ...definitionDefaults, description: 'Finds feelings.', startBy: 60 })
  })

  t.test('what is given in part gets the defaults of the other part', async t => {
    t.strictSame(define({ retention: { completed: 60 } }), { ...definitionDefaults, retention: { completed: 60, failed: 604_800 } })
    t.strictSame(define({ retention: { failed: 60, completed: undefined } }), { ...definitionDefaults, retention: { completed: 86_400, failed: 60 } })
    t.strictSame(define({ backoff: { type: 'fixed', delay: 5 } }), { ...definitionDefaults, backoff: { type: 'fixed', delay: 5, jitter: 0 } })
    t.strictSame(define({ backoff: { type: 'exponential', delay: 0, jitter: 1 } }), { ...definitionDefaults, backoff: { type: 'exponential', delay: 0, jitter: 1 } })
  })

  t.test('the schemas belong to the host\'s validator: they are only told from what is none', async t => {
    t.strictSame(define({ input: { customKeyword: true }, output: bare({ type: 'null' }) }), definitionDefaults)
    refuses(t, input => define({ input }), [
      [undefined, 'defineJob.input must be a schema such as Type.Object({ … }); given: undefined'],
      [null, 'defineJob.input must be a schema such as Type.Object({ … }); given: null'],
      ['object', 'defineJob.input must be a schema such as Type.Object({ … }); given: \'object\''],
      [[schemas.input], 'defineJob.input must be a schema such as Type.Object({ … }); given: [Array]']
    ])
    refuses(t, output => define({ output }), [[true, 'defineJob.output must be a schema such as Type.Object({ … }); given: true']])
  })

  t.test('each wrong one is refused with its name, the rule and what was given', async t => {
    const name = 'defineJob.name must begin with a letter and have at most 128 letters, digits, dots, dashes and underscores'
    refuses(t, definition, [
      [undefined, 'defineJob takes an object; given: undefined'],
      ['analysis', 'defineJob takes an object; given: \'analysis\''],
      [[], 'defineJob takes an object; given: []'],
      [schemas, 'defineJob.name is required; given: nothing']
    ])
    refuses(t, given => define(given as object), [
      [{ name: '' }, `${name}; given: ''`],
      [{ name: '1st' }, `${name}; given: '1st'`],
      [{ name: 'a:b' }, `${name}; given: 'a:b'`],
      [{ name: 'a/b' }, `${name}; given: 'a/b'`],
      [{ name: 'a\n' }, `${name}; given: 'a\\n'`],
      [{ name: 'a'.repeat(129) }, `${name}; given: '${'a'.repeat(99)}…`],
      [{ name: Symbol('a') }, `${name}; given: Symbol(a)`],
      [{ retry: 3 }, 'defineJob.retry is no option; given: a value of type number'],
      [{ description: 5 }, 'defineJob.description must be string; given: 5'],
      [{ attempts: 0 }, 'defineJob.attempts must be >= 1; given: 0'],
      [{ attempts: 1_001 }, 'defineJob.attempts must be <= 1000; given: 1001'],
      [{ attempts: 1.5 }, 'defineJob.attempts must be integer; given: 1.5'],
      [{ attempts: '3' }, 'defineJob.attempts must be integer; given: \'3\''],
      [{ timeout: 0 }, 'defineJob.timeout must be >= 1; given: 0'],
      [{ timeout: 2 ** 31 }, 'defineJob.timeout must be <= 2147483647; given: 2147483648'],
      [{ startBy: 0 }, 'defineJob.startBy must be >= 1; given: 0'],
      [{ startBy: 2_147_484 }, 'defineJob.startBy must be <= 2147483; given: 2147484'],
      [{ maxOutputChunks: -1 }, 'defineJob.maxOutputChunks must be >= 0; given: -1'],
      [{ maxOutputBytes: 1.5 }, 'defineJob.maxOutputBytes must be integer; given: 1.5'],
      [{ backoff: 1_000 }, 'defineJob.backoff must be object; given: 1000'],
      [{ backoff: { delay: 5 } }, 'defineJob.backoff.type is required; given: nothing'],
      [{ backoff: { type: 'fixed' } }, 'defineJob.backoff.delay is required; given: nothing'],
      [{ backoff: { type: 'linear', delay: 5 } }, 'defineJob.backoff.type must be one of fixed, exponential; given: \'linear\''],
      [{ backoff: { type: 'fixed', delay: -1 } }, 'defineJob.backoff.delay must be >= 0; given: -1'],
      [{ backoff: { type: 'fixed', delay: 5, jitter: 1.1 } }, 'defineJob.backoff.jitter must be <= 1; given: 1.1'],
      [{ backoff: { type: 'fixed', delay: 5, jitter: NaN } }, 'defineJob.backoff.jitter must be number; given: NaN'],
      [{ backoff: { type: 'fixed', delay: 5, factor: 2 } }, 'defineJob.backoff.factor is no option; given: a value of type number'],
      [{ retention: 60 }, 'defineJob.retention must be object; given: 60'],
      [{ retention: { completed: 0 } }, 'defineJob.retention.completed must be >= 1; given: 0'],
      [{ retention: { failed: '7d' } }, 'defineJob.retention.failed must be integer; given: \'7d\''],
      [{ retention: { completed: Infinity } }, 'defineJob.retention.completed must be integer; given: Infinity'],
      [{ retention: { failed: 3_162_240_001 } }, 'defineJob.retention.failed must be <= 3162240000; given: 3162240001'],
      [{ retention: { canceled: 5 } }, 'defineJob.retention.canceled is no option; given: a value of type number']
    ])
  })

  t.test('names', async t => {
    for (const name of ['a', 'Analysis', 'a.b-c_d.2', 'a'.repeat(128)]) t.strictSame(define({ name }), { ...definitionDefaults, name })
  })
})

t.test('options of one job', async t => {
  t.strictSame(resolveJobOptions(undefined, 'options'), {})
  t.strictSame(resolveJobOptions({ priority: undefined }, 'options'), {}, 'what is left out gets no default: it is the definition\'s')
  const given = { timeout: 1, startBy: 1, priority: 2_097_152, delay: 0 }
  t.strictSame(resolveJobOptions(given, 'options'), given)
  refuses(t, given => resolveJobOptions(given as JobOptions, 'jobOptions()'), [
    [null, 'jobOptions() must be an object; given: null'],
    ['urgent', 'jobOptions() must be an object; given: \'urgent\''],
    [{ timeout: 0 }, 'jobOptions().timeout must be >= 1; given: 0'],
    [{ startBy: 0.5 }, 'jobOptions().startBy must be integer; given: 0.5'],
    [{ priority: 2_097_153 }, 'jobOptions().priority must be <= 2097152; given: 2097153'],
    [{ delay: -1 }, 'jobOptions().delay must be >= 0; given: -1'],
    [{ attempts: 5 }, 'jobOptions().attempts is no option here: it is attempts of defineJob; given: a value of type number']
  ])
})
