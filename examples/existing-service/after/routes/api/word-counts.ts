import type { FastifyPluginAsync } from 'fastify'
import { asyncJobs, defineJob, JobError, Type, type Processor } from 'fastify-async-jobs'

const wordCount = defineJob({
  name: 'word-count',
  input: Type.Object({ documentId: Type.String() }),
  output: Type.Object({ words: Type.Integer() })
})

export default (async app => {
  const processor: Processor<typeof wordCount> = async ({ documentId }) => {
    const document = app.documents.get(documentId)
    if (document === undefined) throw new JobError('DOCUMENT_NOT_FOUND', `There is no document ${documentId}`)
    return { words: document.text.split(/\s+/).length }
  }
  await app.register(asyncJobs, {
    job: wordCount,
    processor,
    prefix: '/word-counts',
    connection: process.env['REDIS_URL'],
    owner: ({ user }) => (user as { name: string }).name
  })
}) satisfies FastifyPluginAsync
