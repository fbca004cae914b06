/** @type {import('esbuild').BuildOptions} */
const PAGE = {
  entryPoints: ['page.ts', 'style.css', 'index.html', 'icon.svg'].map(file => `examples/web/${file}`),
  outdir: 'dist/examples/web',
  loader: { '.html': 'copy', '.svg': 'copy' },
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning'
}

/**
 * Bundles the page of the example service for browsers, with the client and the charts. Prints what is wrong.
 * @returns whether it succeeded
 */
export async function bundlePage () {
  // esbuild may not have been installed when this file was loaded.
  const { build } = await import('esbuild')
  try {
    await build(PAGE)
    return true
  } catch {
    return false
  }
}

/**
 * Bundles the page anew whenever one of its sources changes.
 * @returns a function that ends that
 */
export async function watchPage () {
  const { context } = await import('esbuild')
  const page = await context(PAGE)
  await page.watch()
  return () => page.dispose()
}
