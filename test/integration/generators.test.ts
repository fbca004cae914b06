import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { provideNode } from '../../scripts/runtimes.mjs'
import { asyncJobs, defineJob, Type } from '../../lib/index.js'
import { redisUrl, uniqueName } from '../helpers/engines.js'
import { findingsOf } from '../helpers/spectral.js'
import { run } from '../helpers/tarball.js'

/*
 * Clients that are generated from the document of a service with two jobs: for what is the same in all answers of
 * all jobs, they have one type, which is ours.
 */

t.setTimeout(240_000)

/** How each generator is called, and the file that has its types. */
const generators: Record<string, { package: string, command: string, options: string[], types: string }> = {
  'openapi-typescript': { package: 'openapi-typescript', command: 'bin/cli.js', options: ['document.json', '--root-types', '--root-types-no-schema-prefix', '--output', 'client.ts'], types: 'client.ts' },
  'hey-api': { package: '@hey-api/openapi-ts', command: 'bin/run.js', options: ['--input', './document.json', '--output', 'client', '--no-log-file'], types: 'client/types.gen.ts' },
  orval: { package: 'orval', command: 'dist/bin/orval.mjs', options: ['--input', './document.json', '--output', './client.ts', '--client', 'fetch'], types: 'client.ts' }
}

/** The types that there is one of, and a field that no other type has. */
const TYPES = { Job: 'pollAfterMs', JobFailure: undefined, Problem: 'issues' }

const compilerOptions: ts.CompilerOptions = {
  strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts']
}

for (const version of ['3.1.0', '3.0.3']) {
  t.test(`OpenAPI ${version}`, async t => {
    const document = await documentOf(t, version)
    t.strictSame(await findingsOf(document), [], 'Spectral finds nothing')

    const directory = await mkdtemp(join(tmpdir(), 'async-jobs-generators-'))
    t.teardown(() => rm(directory, { recursive: true }))
    // Some of them do not take the oldest Node that we do.
    const node = join(await provideNode('22'), 'node')
    const users: Record<string, string> = {}
    for (const [name, { package: from, command, options, types }] of Object.entries(generators)) {
      const cwd = join(directory, name)
      await mkdir(cwd)
      await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }')
      await writeFile(join(cwd, 'document.json'), JSON.stringify(document))
      await run(node, [join(packageDirectory(from), command), ...options], { cwd })
      users[name] = join(cwd, 'user.ts')
      await writeFile(users[name], userOf(join(cwd, types)))
    }

    const program = ts.createProgram(Object.values(users), compilerOptions)
    const faults = ts.getPreEmitDiagnostics(program)
    for (const [name, { types }] of Object.entries(generators)) {
      await t.test(name, async t => {
        const inside = join(directory, name)
        t.strictSame(faults.filter(({ file }) => file === undefined || file.fileName.startsWith(inside)).map(told), [], 'it compiles, and its types are ours')
        const { declared, fields } = namesIn(program.getSourceFile(join(inside, types)) as ts.SourceFile)
        for (const [type, field] of Object.entries(TYPES)) {
          t.strictSame(declared.filter(name => new RegExp(`^(AsyncJobs)?${type}_?\\d*$`, 'i').test(name)), [type], `one ${type}`)
          if (field !== undefined) t.strictSame(fields.filter(name => name === field), [field], `no copy of ${type}`)
        }
      })
    }
  })
}

async function documentOf (t: Test, openapi: string): Promise<object> {
  const app = Fastify()
  t.teardown(() => app.close())
  // What Spectral asks of a host, and we do not write.
  const info = { title: 'A service', description: 'Has two jobs.', version: '1.0.0', contact: { name: 'Us', url: 'https://example.org' } }
  await app.register(swagger, { openapi: { openapi, info, servers: [{ url: 'https://api.example.com' }] } })
  const report = defineJob({ name: uniqueName('report'), description: 'Makes a report.', input: Type.Object({ text: Type.String() }, { examples: [{ text: 'hello' }] }), output: Type.Object({ pages: Type.Integer() }, { examples: [{ pages: 1 }] }) })
  const image = defineJob({ name: uniqueName('image'), input: Type.Object({ size: Type.Optional(Type.Integer({ default: 3 })) }), output: Type.Union([Type.String(), Type.Null()]) })
  await app.register(asyncJobs, { job: report, prefix: '/reports', connection: redisUrl() })
  await app.register(asyncJobs, { job: image, prefix: '/images', connection: redisUrl(), maxPending: 3 })
  await app.ready()
  return JSON.parse(JSON.stringify(app.swagger())) as object
}

/** A program that takes the types of the client for ours. A problem in it may be the host's, which needs to have no field. */
function userOf (client: string): string {
  const ours = resolve('dist/types')
  return `
    import type * as generated from ${JSON.stringify(client.replace(/\.ts$/, ''))}
    import type { Job, JobFailure } from ${JSON.stringify(join(ours, 'job'))}
    import type { Problem } from ${JSON.stringify(join(ours, 'job'))}
    export const job = (it: generated.Job): Job => it
    export const failure = (it: generated.JobFailure): JobFailure => it
    export const problem = (it: generated.Problem): Partial<Problem> => it
  `
}

function packageDirectory (name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}

/** The types that a file declares, and the fields of all types in it. */
function namesIn (file: ts.SourceFile): { declared: string[], fields: string[] } {
  const declared: string[] = []
  const fields: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) declared.push(node.name.text)
    if (ts.isPropertySignature(node)) fields.push(node.name.getText(file))
    ts.forEachChild(node, visit)
  }
  visit(file)
  return { declared, fields }
}

function told ({ file, start, messageText }: ts.Diagnostic): string {
  return `${file?.fileName}:${file && file.getLineAndCharacterOfPosition(start ?? 0).line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
}
