import type { JobsClientOptions } from '../../lib/client/index.js'
import { createFollower, type FollowJob } from '../../lib/client/follow.js'
import { resolve } from '../../lib/client/options.js'
import { createHttp, type About, type Http } from '../../lib/client/request.js'

/** What a client with these options asks with, at an address. */
export function setUpClient (url: string, options: JobsClientOptions): { http: Http, about: About, follow: FollowJob } {
  const settings = resolve(options)
  const http = createHttp(settings)
  const about: About = (route, known, signal) => ({ method: 'GET', url: `${url}/${route}/${known.jobId}`, known, signal, timeout: settings.statusTimeout })
  return { http, about, follow: createFollower(http, about, settings) }
}
