/** Bundles the page of the example service for browsers, with the client and the charts. Says what is wrong, and whether it succeeded. */
export async function bundlePage () {
  // Installed only now.
  const { build } = await import('esbuild')
  try {
    await build({
      entryPoints: ['page.ts', 'style.css', 'index.html', 'icon.svg'].map(file => `examples/web/${file}`),
      outdir: 'dist/examples/web',
      loader: { '.html': 'copy', '.svg': 'copy' },
      bundle: true,
      minify: true,
      sourcemap: true,
      format: 'esm',
      target: 'es2022',
      logLevel: 'warning'
    })
    return true
  } catch {
    return false
  }
}
