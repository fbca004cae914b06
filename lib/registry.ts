import type { FastifyInstance } from 'fastify'
import type { JobDefinition } from '../types/definition.js'
import type { JobHandle, JobsLookup } from '../types/handle.js'
import { JobNotRegisteredError, JobTwiceError, PrefixTakenError } from './errors.js'

/** The jobs that are registered in a Fastify instance itself. */
export interface Registry {
  add (definition: JobDefinition, handle: JobHandle<JobDefinition>, prefix: string | undefined): void
}

type Handles = Map<string, JobHandle<JobDefinition>>

/** By the lookups that are ours. */
const registries = new WeakMap<JobsLookup, Registry>()

const handlesIn = new WeakMap<object, Handles>()

/** Prefixes are paths of a server, wherever in it they are registered. */
const prefixesOf = new WeakMap<object, Map<string, string>>()

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
  handlesIn.set(app, handles)
  prefixesOf.set(app.server, prefixes)
  const lookup: JobsLookup = <Definition extends JobDefinition>({ name }: Definition) => {
    // Fastify makes an enclosed instance of the one that encloses it, which is its prototype.
    for (let scope: object | null = app; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
      const handle = handlesIn.get(scope)?.get(name)
      // The map is keyed by the definition's name, so its handle is of this definition's types.
      if (handle !== undefined) return handle as unknown as JobHandle<Definition>
    }
    throw new JobNotRegisteredError(name)
  }
  registries.set(lookup, {
    add ({ name }, handle, prefix) {
      const taken = prefix === undefined ? undefined : prefixes.get(prefix)
      if (prefix !== undefined && taken !== undefined) throw new PrefixTakenError(prefix || '/', taken, name)
      if (handles.has(name)) throw new JobTwiceError(name)
      handles.set(name, handle)
      if (prefix !== undefined) prefixes.set(prefix, name)
    }
  })
  return lookup
}
