import t from 'tap'
import { checked, resolve } from '../../lib/client/options.js'

t.test('the options of a client have their defaults, also where they are undefined', async t => {
  const defaults = { transport: 'auto', attempts: 8, minDelay: 500, maxDelay: 10_000, statusTimeout: 30_000 }
  t.strictSame(resolve({}), defaults)
  t.strictSame(resolve({ transport: undefined, headers: undefined, retry: { attempts: undefined } as object }), defaults)
  const headers = { a: 'b' }
  t.strictSame(resolve({ transport: 'sse', headers, followRedirects: true, retry: { attempts: 3 } }), { ...defaults, transport: 'sse', headers, followRedirects: true, attempts: 3 })
})

t.test('those of a call are only those that are given', async t => {
  const { signal } = new AbortController()
  t.strictSame(checked({ signal, timeout: undefined, other: 1 }), { signal, other: 1 })
  t.strictSame(checked(undefined), {})
})

/* Which values each option takes: the table in create-client.test.ts. */
t.test('what is wrong is told with all that there is', async t => {
  t.throws(() => resolve({ transport: 'wait' as 'sse' }), {
    name: 'OptionInvalidError',
    message: 'options.transport is wait; there is {"fetch":"function","headers":"object|function","transport":"auto|sse|long-poll|poll","retry":"object","followRedirects":"boolean"}'
  })
})
