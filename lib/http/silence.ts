import type { FastifyInstance } from 'fastify'

/**
 * Exempts our routes from the app's `connectionTimeout`, which ends silent connections. A client that waits for a job
 * is silent from the end of its request until the answer, and the client of a stream as long as the stream lasts.
 */
export function allowSilence (app: FastifyInstance): void {
  if (!app.initialConfig.connectionTimeout) return
  // Node ends a silent connection unless somebody listens for `timeout`. Each write begins the time anew.
  app.addHook('preHandler', (_request, { raw }, done) => { raw.on('timeout', hear); done() })
  app.addHook('onSend', (_request, { raw }, _payload, done) => { raw.off('timeout', hear); done() })
}

function hear (): void {}
