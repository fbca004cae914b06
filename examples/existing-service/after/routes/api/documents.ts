import createError from '@fastify/error'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { randomUUID } from 'node:crypto'
import { Failure } from '../../plugins/errors.js'

const DocumentNotFoundError = createError('DOCUMENT_NOT_FOUND', 'There is no document %s', 404)

const Draft = Type.Object({ title: Type.String({ minLength: 1 }), text: Type.String() })
const Document = Type.Composite([Type.Object({ id: Type.String() }), Draft])
const Id = Type.Object({ id: Type.String() })

export default (async app => {
  app.get('/documents', {
    schema: { operationId: 'listDocuments', summary: 'List all documents', response: { 200: Type.Array(Document), '4xx': Failure } }
  }, async () => [...app.documents.values()])

  app.post('/documents', {
    schema: { operationId: 'addDocument', summary: 'Add a document', body: Draft, response: { 201: Document, '4xx': Failure } }
  }, async ({ body }, reply) => {
    const document = { id: randomUUID(), ...body }
    app.documents.set(document.id, document)
    return reply.code(201).send(document)
  })

  app.get('/documents/:id', {
    schema: { operationId: 'getDocument', summary: 'Get a document', params: Id, response: { 200: Document, '4xx': Failure } }
  }, async ({ params: { id } }) => {
    const document = app.documents.get(id)
    if (document === undefined) throw new DocumentNotFoundError(id)
    return document
  })

  app.delete('/documents/:id', {
    schema: { operationId: 'deleteDocument', summary: 'Delete a document', params: Id, response: { 204: Type.Null({ description: 'It is gone' }), '4xx': Failure } }
  }, async ({ params: { id } }, reply) => {
    if (!app.documents.delete(id)) throw new DocumentNotFoundError(id)
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
