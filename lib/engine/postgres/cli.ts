#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { migrate, reasonOf } from './migrate.js'

/* A program for administrators: prepares the schema for services whose role may not do that. */

const USAGE = `Usage: fastify-async-jobs migrate <url> [--schema <name>]

Brings a schema of PostgreSQL (default bullmq) to the version that this package needs.
`

/** The names that the option `schema` takes, too. */
const SCHEMA = /^(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}$/

function read (): { url: string, schema: string | undefined } | undefined {
  try {
    const { values: { schema }, positionals: [command, url, ...rest] } = parseArgs({ allowPositionals: true, options: { schema: { type: 'string' } } })
    const fits = command === 'migrate' && /^postgres(?:ql)?:/.test(url ?? '') && rest.length === 0 && SCHEMA.test(schema ?? 'bullmq')
    // A URL that fits is there.
    return fits ? { url: url as string, schema } : undefined
  } catch {
    return undefined
  }
}

const wanted = read()
if (wanted === undefined) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  try {
    await migrate(wanted.url, wanted.schema)
    process.stdout.write('The schema is ready.\n')
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}
