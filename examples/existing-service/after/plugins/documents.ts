import fp from 'fastify-plugin'

export interface Document {
  id: string
  title: string
  text: string
}

declare module 'fastify' {
  interface FastifyInstance {
    documents: Map<string, Document>
  }
}

/** Adds `app.documents`: the store, here in memory. */
export default fp(async app => {
  app.decorate('documents', new Map())
})
