import t from 'tap'
import { testSandboxDeaths } from '../helpers/sandbox-deaths.js'

t.test('processors that end their thread', t => testSandboxDeaths(t, 'thread'))
