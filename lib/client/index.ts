/**
 * For browsers and Node: {@link createJobsClient} submits and follows jobs. Loads nothing of the server.
 * @module fastify-async-jobs/client
 */

// The client
export { createJobsClient } from './create-client.js'
export type { CallOptions, ClientJob, EventsOptions, FollowOptions, JobsClient, JobsClientOptions, RetryOptions, RunOptions, Transport, WaitOptions, WatchEvent } from '../../types/client.js'

// Its errors. Use the guards instead of instanceof if the package may be loaded twice
export { InputInvalidError, JobCanceledError, JobFailedError, JobNotFinishedError, JobNotFoundError, JobsClientError, NetworkError, OptionInvalidError, RequestFailedError, WaitTimeoutError } from './errors.js'
export { isInputInvalidError, isJobCanceledError, isJobFailedError, isJobNotFinishedError, isJobNotFoundError, isJobsClientError, isNetworkError, isOptionInvalidError, isRequestFailedError, isWaitTimeoutError } from './errors.js'
export type { AnyJobsClientError } from './errors.js'

// The types of what it sends and returns
export type { InputOf, OutputOf } from '../../types/definition.js'
export type { InputIssue, Job, JobChange, JobEvent, JobFailure, JobLinks, JobOutput, JobStatus, Problem } from '../../types/job.js'
