import t from 'tap'
import { pathToFileURL } from 'node:url'
import { directoryOf } from '../../../lib/engine/embedded/directory-of.js'

t.test('URLs are decoded, paths are not', async t => {
  const cases: Array<[connection: string, directory: string]> = [
    ['file:///data/f%207', '/data/f 7'],
    [pathToFileURL('/data/ü?#%').href, '/data/ü?#%'],
    ['file://localhost/data', '/data'],
    ['file:/data/f%207', '/data/f%207'],
    ['file:./data', './data'],
    ['file:data?a#b', 'data?a#b']
  ]
  for (const [connection, directory] of cases) t.equal(directoryOf(connection), directory, connection)
})

t.test('a URL of another host, or that stands for no path', async t => {
  for (const connection of ['file://host/share', 'file:///a%2Fb', 'file://./data']) {
    t.throws(() => directoryOf(connection), { code: 'OPTION_INVALID', message: /must be file: and a path, or a URL as pathToFileURL makes it/ }, connection)
  }
})
