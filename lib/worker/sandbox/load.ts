import type { Processor } from '../../../types/processor.js'

/** Loads the processor's module. Rejects with what the module throws, or if its default export is no function. */
export async function loadProcessor (href: string): Promise<Processor<never>> {
  const module = await import(href) as { default?: unknown }
  const found = isModule(module.default) ? module.default.default : module.default
  if (typeof found !== 'function') throw new Error('it has no function as its default export')
  // Only a call shows what the function takes.
  return found as Processor<never>
}

/**
 * Whether `import()` has wrapped a CommonJS module that was compiled from an ES module: its default export is in
 * `default.default`.
 */
function isModule (value: unknown): value is { default: unknown } {
  return typeof value === 'object' && value !== null && 'default' in value
}
