/* The API reference: its pages are the entry points in package.json, its words are the doc comments. */

/** What is part of an exported type, and stays inside: nobody needs to name it. */
const UNNAMED = ['ErrorDetails', 'Received', 'Returned', 'Sent', 'TypeBuilder']

/** Fields that need no sentence of their own, by the type they are in. */
const PLAIN = {
  'fastify-async-jobs': {
    // Marks, by which the compiler or the code knows its own.
    AsyncJobsPlugin: ['[asyncJobs]'],
    JobError: ['name', '[JOB_ERROR]'],
    // The option of the same name has the sentence.
    JobDefinition: ['name', 'description', 'input', 'output', 'attempts', 'backoff', 'timeout', 'startBy', 'retention', 'maxOutputChunks', 'maxOutputBytes'],
    // What the clients of ioredis and pg are known by.
    RedisClient: ['status', 'options', 'isCluster', 'duplicate', 'defineCommand'],
    PostgresPool: ['options', 'totalCount', 'query'],
    'RedisConnectionOptions.sentinels.__type': ['host', 'port'],
    // Names that say it.
    JobLogger: ['debug', 'info', 'warn', 'error'],
    JobChange: ['type'],
    JobOutput: ['type']
  },
  'fastify-async-jobs/client': {
    'WatchEvent.__type': ['type', 'jobId', 'error'],
    ...Object.fromEntries([
      'InputInvalidError', 'JobCanceledError', 'JobFailedError', 'JobNotFinishedError', 'JobNotFoundError', 'JobsClientError', 'NetworkError', 'OptionInvalidError',
      'RequestFailedError', 'WaitTimeoutError'
    ].map(error => [error, ['name']]))
  }
}

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'fastify-async-jobs',
  out: 'docs/api',
  readme: 'none',
  tsconfig: 'tsconfig.json',
  // The build checks the types.
  skipErrorChecking: true,
  excludeExternals: true,
  // There are no links to sources: they need a repository whose address is known.
  disableSources: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true, unusedMergeModuleWith: true },
  treatWarningsAsErrors: true,
  intentionallyNotExported: UNNAMED,
  intentionallyNotDocumented: Object.entries(PLAIN).flatMap(([entry, types]) =>
    Object.entries(types).flatMap(([type, fields]) => fields.map(field => `${entry}.${type}.${field}`)))
}
