import { readFile } from 'node:fs/promises'
import { EventSource } from 'eventsource'
import Fastify from 'fastify'
import { asyncJobs, type Job } from 'fastify-async-jobs'
import { analysis, type Section } from './analysis/analysis.job.js'

/* Watches the analysis of a book grow. The service and its client are in one program. */

const app = Fastify({ logger: { level: 'warn' }, bodyLimit: 13_000_000 })

await app.register(asyncJobs, {
  job: analysis,
  prefix: '/analysis',
  connection: process.env['REDIS_URL'] ?? 'memory:',
  processor: new URL('./analysis/analyse.js', import.meta.url)
})

const origin = await app.listen({ port: 0 })

const answer = await fetch(`${origin}/analysis`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: await readFile('examples/texts/alice-in-wonderland.json')
})
const { jobId, links } = await answer.json() as Job
console.log(`The job ${jobId} reads Alice's Adventures in Wonderland\n`)

// Browsers have this class, Node needs the package. It connects again by itself after a broken connection.
const events = new EventSource(origin + links.events)

events.addEventListener('output', ({ data }) => {
  const { data: { position, score, entities } } = JSON.parse(data) as { data: Section }
  const names = entities.filter(({ type }) => type === 'NAME').map(({ value }) => value)
  const bar = '█'.repeat(Math.round(Math.abs(score) * 40))
  console.log(`${String(position).padStart(3)} % ${(score < 0 ? bar : '').padStart(10)}|${(score < 0 ? '' : bar).padEnd(10)} ${names.slice(0, 6).join(', ')}`)
})

events.addEventListener('job', ({ data }) => {
  const { status } = JSON.parse(data) as Job
  if (!['completed', 'failed', 'canceled'].includes(status)) return
  events.close()
  void finish(status)
})

async function finish (status: Job['status']): Promise<void> {
  const result = await fetch(origin + links.result)
  const { statistics, keySentences } = await result.json() as { statistics: { words: number }, keySentences: string[] }
  console.log(`\n${status}: ${statistics.words} words. What they say most:\n`)
  for (const sentence of keySentences) console.log(`  ${sentence.replaceAll('\n', ' ')}`)
  await app.close()
}
