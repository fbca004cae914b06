import type { FastifyInstance } from 'fastify'
import type { JobDefinition } from '../../types/definition.js'
import type { JobHandle, JobsLookup } from '../../types/handle.js'
import { JobNotRegisteredError, JobTwiceError, PrefixTakenError, ProcessorTwiceError } from '../base/errors.js'

/** The jobs that are registered in one Fastify instance. */
export interface Registry {
  /** @throws `PREFIX_TAKEN`, `JOB_TWICE`, `PROCESSOR_TWICE` */
  add (registration: Registration): void
}

/**
 * One job under one prefix. The same job may have further registrations, each with its own prefix, owner and limits.
 */
export interface Registration {
  definition: JobDefinition
  handle: JobHandle<JobDefinition>
  /** undefined: the registration has no routes. */
  prefix: string | undefined
  /** The store on which the registration has a worker in this process. undefined: it has no worker. */
  worksOn: object | undefined
}

/** Registrations by the name of the job. */
type Handles = Map<string, Registration>

/** The registry of each `app.jobs` that this package has made. */
const registries = new WeakMap<JobsLookup, Registry>()

/** The registrations of each Fastify instance. */
const handlesIn = new WeakMap<object, Handles>()

/** For each server, the name of the job at each prefix. All instances of a server share its paths. */
const prefixesOf = new WeakMap<object, Map<string, string>>()

/** For each server and store, the names of the jobs that have a worker. */
const workersOf = new WeakMap<object, Map<object, Set<string>>>()

/** Returns the registry of an instance. The first call adds `app.jobs`, which looks into it. */
export function registryOf (app: FastifyInstance): Registry {
  // If the app has an `app.jobs` of its own, `decorate` throws that the decorator exists already. So below, `app.jobs`
  // is one that createLookup made.
  if (!handlesIn.has(app)) app.decorate('jobs', createLookup(app))
  return registries.get(app.jobs) as Registry
}

/**
 * Makes `app.jobs`. It looks into this instance, and then into those that enclose it. It looks at the time of the call,
 * so the order of registrations does not matter.
 */
function createLookup (app: FastifyInstance): JobsLookup {
  const handles: Handles = new Map()
  const prefixes = prefixesOf.get(app.server) ?? new Map<string, string>()
  const workers = workersOf.get(app.server) ?? new Map<object, Set<string>>()
  handlesIn.set(app, handles)
  prefixesOf.set(app.server, prefixes)
  workersOf.set(app.server, workers)
  const lookup: JobsLookup = <Definition extends JobDefinition>({ name }: Definition) => {
    // The prototype of a Fastify instance is the instance that encloses it.
    for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
      const found = handlesIn.get(scope)?.get(name)
      // The cast holds because the name identifies the definition, and so its types.
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
      // Of several registrations, `app.jobs` uses the first one with routes, because its jobs have links.
      if (first === undefined || (first.prefix === undefined && prefix !== undefined)) handles.set(name, registration)
      if (prefix !== undefined) prefixes.set(prefix, name)
      if (worksOn !== undefined && working !== undefined) workers.set(worksOn, working.add(name))
    }
  })
  return lookup
}
