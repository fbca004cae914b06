import type { FastifyInstance } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { JobHandle, JobsLookup } from '../../types/handle.js'
import { JobNotRegisteredError, JobTwiceError, PrefixTakenError, ProcessorTwiceError } from '../base/errors.js'

/** The jobs that are registered in a Fastify instance itself. */
export interface Registry {
  /** @throws `PREFIX_TAKEN`, `JOB_TWICE`, `PROCESSOR_TWICE` */
  add (registration: Registration): void
}

/** One job under one prefix. The same may be under others, too, each with an owner and limits of its own. */
export interface Registration {
  definition: JobDefinition
  handle: JobHandle<JobDefinition>
  /** undefined: it has no routes. */
  prefix: string | undefined
  /** The store on which it has a worker here; undefined: it only produces. */
  worksOn: object | undefined
}

type Handles = Map<string, Registration>

/** By the lookups that are ours. */
const registries = new WeakMap<JobsLookup, Registry>()

const handlesIn = new WeakMap<object, Handles>()

/** Prefixes are paths of a server, wherever in it they are registered. */
const prefixesOf = new WeakMap<object, Map<string, string>>()

/** The jobs that have a worker in a server, by the store. */
const workersOf = new WeakMap<object, Map<object, Set<string>>>()

/** The registry of an instance, with the `app.jobs` that looks into it. */
export function registryOf (app: FastifyInstance): Registry {
  // Where `app.jobs` is something of the host's own, Fastify tells that the decorator exists already.
  if (!handlesIn.has(app)) app.decorate('jobs', createLookup(app))
  return registries.get(app.jobs) as Registry
}

/** Looks here, and then in what encloses it: what is registered in which order makes no difference. */
function createLookup (app: FastifyInstance): JobsLookup {
  const handles: Handles = new Map()
  const prefixes = prefixesOf.get(app.server) ?? new Map<string, string>()
  const workers = workersOf.get(app.server) ?? new Map<object, Set<string>>()
  handlesIn.set(app, handles)
  prefixesOf.set(app.server, prefixes)
  workersOf.set(app.server, workers)
  const lookup: JobsLookup = <Definition extends JobDefinition>({ name }: Definition) => {
    // Fastify makes an enclosed instance of the one that encloses it, which is its prototype.
    for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
      const found = handlesIn.get(scope)?.get(name)
      // The map is keyed by the definition's name, so its handle is of this definition's types.
      if (found !== undefined) return found.handle as unknown as JobHandle<Definition>
    }
    throw new JobNotRegisteredError(name)
  }
  registries.set(lookup, {
    add (registration) {
      const { definition, prefix, worksOn } = registration
      const { name } = definition
      const taken = prefix === undefined ? undefined : prefixes.get(prefix)
      if (prefix !== undefined && taken !== undefined) throw new PrefixTakenError(prefix || '/', taken, name)
      const first = handles.get(name)
      if (first !== undefined && first.definition !== definition) throw new JobTwiceError(name)
      const working = worksOn && (workers.get(worksOn) ?? new Set<string>())
      if (working?.has(name)) throw new ProcessorTwiceError(name)
      // The first that has routes: its jobs have links.
      if (first === undefined || (first.prefix === undefined && prefix !== undefined)) handles.set(name, registration)
      if (prefix !== undefined) prefixes.set(prefix, name)
      if (worksOn !== undefined && working !== undefined) workers.set(worksOn, working.add(name))
    }
  })
  return lookup
}
