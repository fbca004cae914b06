import t from 'tap'
import { encodePrefix, jobLinks, resolveBase } from '../../lib/job/links.js'

t.test('links', async t => {
  t.strictSame(jobLinks('', 'id'), { status: '/status/id', result: '/result/id', cancel: '/cancel/id', events: '/events/id' })
  t.strictSame(jobLinks('/api/v1/analysis', 'id'), {
    status: '/api/v1/analysis/status/id', result: '/api/v1/analysis/result/id', cancel: '/api/v1/analysis/cancel/id', events: '/api/v1/analysis/events/id'
  })
  t.match(jobLinks('https://api.example.com/v1', 'id'), { status: 'https://api.example.com/v1/status/id', events: 'https://api.example.com/v1/events/id' })
})

t.test('the path of a prefix with parameters', async t => {
  const cases: Array<[prefix: string, params: Record<string, string>, path: string]> = [
    ['', {}, ''],
    ['/analysis', {}, '/analysis'],
    ['/tenants/:tenant/analysis', { tenant: 'acme' }, '/tenants/acme/analysis'],
    ['/:a/:b/:a', { a: '1', b: '2' }, '/1/2/1'],
    ['/:lat-:lng', { lat: '52', lng: '13' }, '/52-13'],
    ['/:version(v\\d+)/analysis', { version: 'v2' }, '/v2/analysis'],
    ['/tenants/:tenant', { tenant: 'a/b ü?#' }, '/tenants/a%2Fb%20%C3%BC%3F%23'],
    ['/tenants/:tenant', { tenant: ':other', other: 'no' }, '/tenants/%3Aother'],
    ['/tenants/:tenant', { tenant: '$&' }, '/tenants/%24%26'],
    ['/tenants/:tenant/analysis', {}, '/tenants//analysis'],
    ['/books::analyse', { analyse: 'no' }, '/books:analyse'],
    ['/books::/:book', { book: '1' }, '/books:/1']
  ]
  for (const [prefix, params, path] of cases) t.equal(resolveBase(prefix, params), path, prefix)
})

t.test('a prefix as a URI', async t => {
  const cases: Array<[prefix: string, encoded: string]> = [
    ['', ''],
    ['/jobs', '/jobs'],
    ['/análisis', '/an%C3%A1lisis'],
    ['/a b/✓', '/a%20b/%E2%9C%93'],
    ['/an%C3%A1lisis', '/an%25C3%25A1lisis'],
    ['/a?b#c', '/a%3Fb%23c'],
    ['/\uD800', '/%EF%BF%BD'],
    ['/año/:tenant/análisis', '/a%C3%B1o/:tenant/an%C3%A1lisis'],
    ['/ä/:v(v\\d+)/::ö', '/%C3%A4/:v(v\\d+)/::%C3%B6']
  ]
  for (const [prefix, encoded] of cases) t.equal(encodePrefix(prefix), encoded, prefix)
})
