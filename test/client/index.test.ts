import t from 'tap'
import * as client from '../../lib/client/index.js'

t.test('what the entry exports', async t => {
  t.same(Object.keys(client).sort(), [
    'InputInvalidError', 'JobCanceledError', 'JobFailedError', 'JobNotFoundError', 'JobsClientError',
    'NetworkError', 'RequestFailedError', 'WaitTimeoutError', 'createJobsClient', 'isInputInvalidError',
    'isJobCanceledError', 'isJobFailedError', 'isJobNotFoundError', 'isJobsClientError', 'isNetworkError',
    'isRequestFailedError', 'isWaitTimeoutError'
  ])
})
