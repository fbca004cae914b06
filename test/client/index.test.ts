import t from 'tap'
import * as client from '../../lib/client/index.js'

t.test('what the entry exports', async t => {
  t.same(Object.keys(client).sort(), [
    'InputInvalidError', 'JobCanceledError', 'JobFailedError', 'JobNotFinishedError', 'JobNotFoundError', 'JobsClientError',
    'NetworkError', 'OptionInvalidError', 'RequestFailedError', 'WaitTimeoutError', 'createJobsClient', 'isInputInvalidError',
    'isJobCanceledError', 'isJobFailedError', 'isJobNotFinishedError', 'isJobNotFoundError', 'isJobsClientError', 'isNetworkError',
    'isOptionInvalidError', 'isRequestFailedError', 'isWaitTimeoutError'
  ])
})
