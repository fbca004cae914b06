import type { Processor } from '../../../types/processor.js'

/** Loads the processor's module. Rejects with what it throws, or where it has no processor. */
export async function loadProcessor (href: string): Promise<Processor<never>> {
  const module = await import(href) as { default?: unknown }
  const found = isModule(module.default) ? module.default.default : module.default
  if (typeof found !== 'function') throw new Error('it has no function as its default export')
  return found as Processor<never>
}

/** What `import()` makes of a CommonJS module that was an ES module in its source. */
function isModule (value: unknown): value is { default: unknown } {
  return typeof value === 'object' && value !== null && 'default' in value
}
