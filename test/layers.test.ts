import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/* The directions of the design: which file may know which, and which file may do what. */

interface Import {
  /** A file of ours, by its path in the project, or a package. */
  to: string
  /** `type`: nothing is loaded. `dynamic`: loaded when it is needed. */
  kind: 'static' | 'dynamic' | 'type'
}

interface Source {
  path: string
  tree: ts.SourceFile
  imports: Import[]
}

const root = fileURLToPath(new URL('.', import.meta.resolve('fastify-async-jobs/package.json')))
const sources = new Map(['lib', 'types'].flatMap(filesIn).map(path => [path, read(path)]))
const lib = [...sources.values()].filter(({ path }) => path.startsWith('lib/'))

function filesIn (directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => `${directory}/${path}`)
}

function read (path: string): Source {
  const tree = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true)
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (specifier && ts.isStringLiteral(specifier)) imports.push({ to: resolve(path, specifier.text), kind })
  }
  for (const node of nodesOf(tree)) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'static')
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'type')
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], 'dynamic')
  }
  return { path, tree, imports }
}

function * nodesOf (node: ts.Node): Generator<ts.Node> {
  yield node
  for (const child of node.getChildren()) yield * nodesOf(child)
}

function resolve (from: string, specifier: string): string {
  return specifier.startsWith('.') ? join(dirname(from), specifier).replace(/\.js$/, '.ts') : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] as string
}

const isOurs = (path: string): boolean => sources.has(path)

/** Every file and package that is loaded with a file. */
function loadedWith (path: string): { files: string[], packages: string[] } {
  const files = new Set([path])
  const packages = new Set<string>()
  for (const file of files) {
    for (const { to, kind } of sources.get(file)?.imports ?? []) {
      if (kind === 'static') (isOurs(to) ? files : packages).add(to)
    }
  }
  return { files: [...files].sort(), packages: [...packages].filter(name => !name.startsWith('node:')).sort() }
}

/** Where the sources do what only some may do, less what those are known for. */
function offenders (what: (node: ts.Node) => boolean, exceptions: Record<string, string>): string[] {
  const found = [...sources.values()].flatMap(({ path, tree }) =>
    [...nodesOf(tree)].filter(what).map(node => `${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`))
  const files = found.map(place => place.split(':', 1)[0] as string)
  return [
    ...found.filter((_, index) => !(files[index] as string in exceptions)),
    ...Object.keys(exceptions).filter(path => !files.includes(path)).map(path => `${path} is no exception any more`)
  ]
}

t.test('every import of ours leads to a file', async t => {
  for (const { path, imports } of sources.values()) {
    t.strictSame(imports.filter(({ to }) => /^(?:\.|lib\/|types\/)/.test(to) && !isOurs(to)), [], path)
  }
  t.ok(sources.get('lib/plugin.ts')?.imports.some(({ to, kind }) => to === 'lib/http/options.ts' && kind === 'static'), 'imports are found')
  t.ok(sources.get('lib/engine/redis/redis.ts')?.imports.some(({ to, kind }) => to === 'ioredis' && kind === 'dynamic'), 'and those that wait')
})

t.test('beside the folders of lib there are only its contents and its composition', async t => {
  t.strictSame(readdirSync(join(root, 'lib')).filter(name => name.includes('.')), ['index.ts', 'plugin.ts'])
})

t.test('no file is too long to be read in one go', async t => {
  const long = lib.map(({ path, tree }) => `${path}: ${tree.getLineAndCharacterOfPosition(tree.end).line}`).filter(line => Number(line.split(': ')[1]) > 200)
  t.strictSame(long, [])
})

t.test('each folder of lib imports those that its README names', async t => {
  const folderOf = (path: string): string => path.split('/')[1] as string
  for (const folder of new Set(lib.map(({ path }) => folderOf(path)))) {
    if (folder.endsWith('.ts')) continue
    const [, sentence = ''] = /^(It imports .*)$/m.exec(readFileSync(join(root, 'lib', folder, 'README.md'), 'utf8')) ?? []
    const imported = lib.filter(({ path }) => folderOf(path) === folder)
      .flatMap(({ imports }) => imports.filter(({ to }) => to.startsWith('lib/')).map(({ to }) => folderOf(to)))
    const named = Array.from(sentence.matchAll(/`([a-z]+)`/g), ([, name]) => name)
    t.strictSame([...named].sort(), [...new Set(imported)].filter(name => name !== folder).sort(), folder)
  }
})

t.test('types know only each other, and load nothing', async t => {
  for (const { path, imports } of sources.values()) {
    if (!path.startsWith('types/')) continue
    t.strictSame(imports.filter(({ to, kind }) => kind !== 'type' || to.startsWith('lib/')), [], path)
  }
})

t.test('the client knows nothing of the server, and loads no package', async t => {
  for (const { path, imports } of lib) {
    if (!path.startsWith('lib/client/')) continue
    t.strictSame(imports.filter(({ to, kind }) => !to.startsWith('lib/client/') && !(to.startsWith('types/') && kind === 'type')), [], path)
  }
  t.strictSame(loadedWith('lib/client/index.ts').packages, [])
})

t.test('every package is known to few', async t => {
  const http = /^lib\/http\//
  const engines = /^lib\/engine\//
  const allowed: Record<string, Array<string | RegExp>> = {
    '@electric-sql/pglite': [engines],
    '@fastify/error': ['lib/base/errors.ts'],
    '@fastify/sse': ['lib/http/events.ts'],
    '@fastify/websocket': ['lib/http/web-sockets.ts'],
    '@sinclair/typebox': ['lib/index.ts', 'lib/worker/index.ts', /^lib\/definition\//, 'lib/worker/options.ts', http, 'types/schema.ts', 'types/type-builder.ts'],
    ajv: ['lib/definition/validator.ts'],
    'ajv-formats': ['lib/definition/validator.ts'],
    bullmq: [engines, 'lib/queue/job-queue.ts', 'lib/queue/submission.ts', 'lib/events/job-events.ts', 'lib/worker/worker.ts', 'lib/worker/attempt.ts', 'lib/worker/attempt-context.ts', 'lib/worker/lock-renewal.ts', 'types/handle.ts'],
    fastify: ['lib/plugin.ts', http, 'types/fastify.ts', 'types/plugin-options.ts'],
    'fastify-plugin': ['lib/plugin.ts'],
    ioredis: [engines, 'types/options.ts'],
    pg: [engines, 'types/options.ts']
  }
  for (const { path, imports } of sources.values()) {
    const packages = imports.map(({ to }) => to).filter(to => !isOurs(to) && !to.startsWith('node:'))
    t.strictSame(packages.filter(name => !allowed[name]?.some(place => typeof place === 'string' ? place === path : place.test(path))), [], path)
  }
})

t.test('optional peers wait until they are needed', async t => {
  const { peerDependenciesMeta = {}, dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, unknown>>
  const peers = ['@electric-sql/pglite', 'fastify', 'ioredis', 'pg']
  t.strictSame(Object.keys(peerDependenciesMeta).sort(), peers)
  for (const { path, imports } of lib) {
    t.strictSame(imports.filter(({ to, kind }) => peers.includes(to) && kind === 'static'), [], path)
  }
  t.strictSame(loadedWith('lib/index.ts').packages, Object.keys(dependencies).sort(), 'all else that is loaded is a dependency, and no dependency is idle')
})

t.test('a worker loads no Fastify, and a sandbox hardly anything', async t => {
  t.strictSame(loadedWith('lib/worker/index.ts').packages, ['@fastify/error', '@sinclair/typebox', 'ajv', 'ajv-formats', 'bullmq'])
  t.strictSame(loadedWith('lib/worker/sandbox/main.ts').packages, ['@fastify/error'])
})

t.test('no file knows itself over others, not even by its types', async t => {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, way: string[]): void => {
    if (way.includes(path)) { cycles.push([...way.slice(way.indexOf(path)), path].join(' > ')); return }
    if (done.has(path)) return
    for (const { to } of sources.get(path)?.imports ?? []) visit(to, [...way, path])
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  t.strictSame(cycles, [])
})

t.test('every file of lib has its test', async t => {
  const isTypes = (node: ts.Statement): boolean => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true)
  const isExport = (node: ts.Statement): boolean => ts.isExportDeclaration(node) || (ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true)
  const onlyTypes = ({ statements }: ts.SourceFile): boolean => statements.every(isTypes)
  const onlyContents = ({ statements }: ts.SourceFile): boolean => statements.every(ts.isExportDeclaration)
  const program = ({ statements }: ts.SourceFile): boolean => !statements.some(isExport)
  const exceptions: Record<string, (tree: ts.SourceFile) => boolean> = {
    'lib/worker/sandbox/carrier.ts': onlyTypes,
    'lib/index.ts': onlyContents,
    'lib/worker/index.ts': onlyContents,
    // The tests of pool.ts run it.
    'lib/worker/sandbox/main.ts': program
  }
  for (const { path, tree } of lib) {
    const test = path.replace(/^lib/, 'test').replace(/\.ts$/, '.test.ts')
    t.ok(exceptions[path]?.(tree) ?? existsSync(join(root, test)), path)
  }
  t.strictSame(Object.keys(exceptions).filter(path => !isOurs(path)), [])
})

t.test('no any', async t => {
  t.strictSame(offenders(node => node.kind === ts.SyntaxKind.AnyKeyword, {}), [])
})

t.test('no export of everything', async t => {
  t.strictSame(offenders(node => ts.isExportDeclaration(node) && node.exportClause === undefined, {}), [])
})

t.test('errors come from the registry', async t => {
  const bare = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'AggregateError']
  t.strictSame(offenders(node => ts.isNewExpression(node) && bare.includes(node.expression.getText()), {
    'lib/worker/attempt.ts': 'what BullMQ stores',
    'lib/api/operations.ts': 'the cause of an error of the registry, for the log',
    'lib/base/json.ts': 'what its callers turn into an error of the registry',
    'lib/job/stored-output.ts': 'the cause of an error of the registry, for the log',
    'lib/worker/input.ts': 'the cause of an error of the registry, for the log',
    'lib/worker/returned.ts': 'the cause of an error of the registry, for the log',
    'lib/worker/sandbox/load.ts': 'the cause of an error of the registry, for the log',
    'lib/worker/sandbox/pool.ts': 'the cause of an error of the registry, for the log',
    'lib/worker/sandbox/run.ts': 'that the sandbox died: a failed attempt',
    'lib/worker/stop-reasons.ts': 'why an attempt is aborted'
  }), [])
})

t.test('only a worker without a logger writes to the console', async t => {
  t.strictSame(offenders(node => ts.isIdentifier(node) && node.text === 'console', { 'lib/worker/console-logger.ts': 'the default logger' }), [])
})
