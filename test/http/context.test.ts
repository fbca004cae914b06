import t from 'tap'
import { linkParameters } from '../../lib/http/context.js'

t.test('a link passes on the job and what the prefix takes', async t => {
  t.strictSame(linkParameters('/jobs', '$response.body#/jobId'), { jobId: '$response.body#/jobId' })
  t.strictSame(linkParameters('/tenants/:tenant/books::old/:kind(a|b)', '$request.path.jobId'), {
    tenant: '$request.path.tenant', kind: '$request.path.kind', jobId: '$request.path.jobId'
  })
})
