import t from 'tap'
import { startThread } from '../../../lib/worker/sandbox/thread.js'
import { testLastWords } from '../../helpers/sandbox.js'

t.test('what a thread says in the moment in which it exits', t => testLastWords(t, startThread))
