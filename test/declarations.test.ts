import t from 'tap'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/* Declarations of those who export what they made with this package, where they can reach nothing that it depends on: pnpm's layout. */

const root = fileURLToPath(new URL('.', import.meta.resolve('fastify-async-jobs/package.json')))

/** Every builder of TypeBox whose schema an input may be, or have in it. */
const SCHEMAS = [
  'String({ minLength: 1 })', 'String({ default: \'en\' })', 'Optional(Type.Integer())', 'Readonly(Type.Number())', 'ReadonlyOptional(Type.String())',
  'Array(Type.Union([Type.Literal(\'a\'), Type.Null()]))', 'Record(Type.String(), Type.Boolean())', 'Any()', 'Unknown()', 'Never()', 'Undefined()', 'Void()', 'Date()', 'BigInt()', 'Uint8Array()',
  'Tuple([Type.String()])', 'Unsafe<string>({})', 'Not(Type.String())', 'Const({ a: 1 })', 'Enum({ A: \'a\' } as const)', 'RegExp(\'a\')', 'TemplateLiteral(\'a$' + '{b|c}\')', 'Ref(\'X\')',
  'Partial(Type.Object({ a: Type.String() }))', 'Required(Type.Object({ a: Type.String() }))', 'Pick(Type.Object({ a: Type.String() }), [\'a\'])', 'Omit(Type.Object({ a: Type.String() }), [\'a\'])',
  'Composite([Type.Object({ a: Type.String() })])', 'Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })])', 'KeyOf(Type.Object({ a: Type.String() }))',
  'Index(Type.Object({ a: Type.String() }), [\'a\'])', 'Exclude(Type.String(), Type.Literal(\'a\'))', 'Extract(Type.String(), Type.Literal(\'a\'))',
  'Recursive(This => Type.Object({ kids: Type.Array(This) }))', 'Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())'
]

const SOURCES: Record<string, string> = {
  ...Object.fromEntries(['fastify-async-jobs', 'fastify-async-jobs/worker'].map((entry, index) => [`contract-${index}.ts`, `
    import { defineJob, Type } from '${entry}'
    ${SCHEMAS.map((schema, place) => `export const job${place} = defineJob({ name: 'a', input: Type.Object({ field: Type.${schema} }), output: Type.Object({ n: Type.Number() }) })`).join('\n')}
  `])),
  'rest.ts': `
    import { createWorker, type JobHandle, type JobsLookup, type Processor } from 'fastify-async-jobs'
    import { createJobsClient } from 'fastify-async-jobs/client'
    import { job0 } from './contract-0.js'
    export const client = createJobsClient<typeof job0>('https://api.example.com')
    export const submitted = client.submit({ field: 'a' })
    export const result = client.run({ field: 'a' })
    export const events = (async () => (await submitted).events())()
    export const process: Processor<typeof job0> = async () => ({ n: 1 })
    export const worker = createWorker(job0, process, { connection: 'memory:' })
    export const handleOf = (jobs: JobsLookup) => jobs(job0)
    export const queueOf = (handle: JobHandle<typeof job0>) => handle.queue
    export const jobOf = (handle: JobHandle<typeof job0>) => handle.submit({ field: 'a' })
  `
}

t.test('types can be named', async t => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'async-jobs-declarations-')))
  t.teardown(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'node_modules'))
  await symlink(root, join(directory, 'node_modules/fastify-async-jobs'))
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  for (const [name, text] of Object.entries(SOURCES)) await writeFile(join(directory, name), text)
  const program = ts.createProgram(Object.keys(SOURCES).map(name => join(directory, name)), {
    strict: true, declaration: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext
  })
  const written = new Map<string, string>()
  const { diagnostics } = program.emit(undefined, (file, text) => { written.set(file, text) })
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, start = 0, messageText }) =>
    `${file?.text.slice(start, file.text.indexOf('\n', start)) ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  t.strictSame(problems, [])
  t.match(written.get(join(directory, 'contract-0.d.ts')), /import\("fastify-async-jobs"\)\.TString/)
})
