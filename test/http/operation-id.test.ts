import t from 'tap'
import { createOperationId } from '../../lib/http/operation-id.js'

t.test('each job has its own', async t => {
  const server = {}
  const names = ['report-a', 'report.a', 'reportA', 'report_a', 'Report-a', 'report-a', 'report-a', 'analysis']
  const ids = names.map(name => createOperationId(server, name)('submit'))
  t.strictSame(ids, ['submitReportA', 'submit_report.a', 'submit_reportA', 'submit_report_a', 'submit_Report-a', 'submit_report-a', 'submit_report-a_2', 'submitAnalysis'])
  t.equal(createOperationId({}, 'report.a')('status'), 'statusReportA', 'in another service')
})
