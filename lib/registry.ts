import type { FastifyInstance } from 'fastify'
import type { JobDefinition } from '../types/definition.js'
import type { JobHandle, JobsLookup } from '../types/handle.js'
import { JobNotRegisteredError, JobTwiceError, PrefixTakenError } from './errors.js'

/** The jobs that are registered in a Fastify instance and what encloses it. */
export interface Registry {
  add (definition: JobDefinition, handle: JobHandle<JobDefinition>, prefix: string | undefined): void
}

const registries = new WeakMap<JobsLookup, Registry>()

/** The registry that `app.jobs` looks into: an enclosing instance's where there is one. */
export function registryOf (app: FastifyInstance): Registry {
  // Where `app.jobs` is something of the host's own, Fastify tells that the decorator exists already.
  if (!registries.has(app.jobs)) app.decorate('jobs', createLookup())
  return registries.get(app.jobs) as Registry
}

function createLookup (): JobsLookup {
  const handles = new Map<string, JobHandle<JobDefinition>>()
  const prefixes = new Map<string, string>()
  const lookup: JobsLookup = <Definition extends JobDefinition>({ name }: Definition) => {
    const handle = handles.get(name)
    if (handle === undefined) throw new JobNotRegisteredError(name)
    // The map is keyed by the definition's name, so its handle is of this definition's types.
    return handle as unknown as JobHandle<Definition>
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
