import type { FastifyInstance } from 'fastify'

/**
 * A host may limit how long its connections are silent (`connectionTimeout`). A client that waits for a job is silent
 * on purpose: from when it has sent everything until it is answered, and a stream as long as it lasts.
 */
export function allowSilence (app: FastifyInstance): void {
  if (!app.initialConfig.connectionTimeout) return
  // Node ends a silent connection unless somebody hears of it. Once we write, it counts anew.
  app.addHook('preHandler', (_request, { raw }, done) => { raw.on('timeout', hear); done() })
  app.addHook('onSend', (_request, { raw }, _payload, done) => { raw.off('timeout', hear); done() })
}

function hear (): void {}
