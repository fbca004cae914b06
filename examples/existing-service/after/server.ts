import autoload from '@fastify/autoload'
import Fastify from 'fastify'
import { fileURLToPath } from 'node:url'

const app = Fastify({ logger: { level: 'warn' } })

const directory = (name: string) => fileURLToPath(new URL(name, import.meta.url))
await app.register(autoload, { dir: directory('plugins') })
await app.register(autoload, { dir: directory('routes'), autoHooks: true, cascadeHooks: true })

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { void app.close() })
console.log(`Documents at ${await app.listen({ host: 'localhost', port: Number(process.env['PORT'] ?? 3000) })}`)
