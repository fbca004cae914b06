import t from 'tap'
import { isFault, isForGood, isGone } from '../../lib/engine/store-answers.js'

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })
const coded = (code: string | number): Error => Object.assign(new Error('refused'), { code })

t.test('what the store may take at another time', async t => {
  const errors = {
    'a lost connection': new Error('Connection terminated unexpectedly'),
    'a refused connection': coded('ECONNREFUSED'),
    'a time limit': new Error('Query read timeout'),
    'too few replicas': reply('NOREPLICAS Not enough good replicas to write.'),
    'a master that was demoted': reply('READONLY You can\'t write against a read only replica.'),
    'the same within a script, before Redis 7': reply('ERR Error running script (call to f_1): @user_script:38: -READONLY You can\'t write against a read only replica.'),
    'a right that was taken away': reply('NOPERM this user has no permissions to run the \'evalsha\' command'),
    'the same within a script': reply('ERR The user executing the script can\'t run this command or subcommand script: ff, on @user_script:1.'),
    'the same since Redis 7.2': reply('ERR ACL failure in script: User a has no permissions to run the \'ltrim\' command script: ff, on @user_script:1.'),
    'no memory': reply('OOM command not allowed when used memory > \'maxmemory\'.'),
    'a PostgreSQL that ends connections': coded('57P01'),
    'that has too many': coded('53300'),
    'that could not serialize': coded('40001'),
    'that is read only': coded('25006'),
    'that has taken away a right': coded('42501')
  }
  for (const [what, error] of Object.entries(errors)) {
    t.notOk(isForGood(error), what)
    t.notOk(isFault(error), what)
    t.notOk(isGone(error), what)
  }
})

t.test('what it would answer for ever', async t => {
  const errors = {
    'a key of another type': reply('WRONGTYPE Operation against a key holding the wrong kind of value'),
    'a fault in a script': reply('ERR user_script:1: attempt to perform arithmetic on a nil value'),
    'a text that PostgreSQL does not store': coded('22P05'),
    'a row that is there': coded('23505'),
    'a function that is not': coded('42883'),
    'a fault of ours': new TypeError('x is not a function'),
    'what is no error': 'refused',
    'children that are not done': coded(-4)
  }
  for (const [what, error] of Object.entries(errors)) {
    t.ok(isForGood(error), what)
    t.notOk(isGone(error), what)
  }
})

t.test('what is no fault of the store', async t => {
  for (const error of [reply('WRONGTYPE Operation against a key holding the wrong kind of value'), coded('22P05'), coded('23505'), coded(-4), new TypeError('x is not a function'), new SyntaxError('no JSON'), 'refused']) {
    t.ok(isFault(error), String(error))
  }
  for (const error of [reply('ERR unknown command \'XADD\''), coded('42883'), new Error('Connection is closed')]) t.notOk(isFault(error), String(error))
})

t.test('a job that is somebody else\'s', async t => {
  for (const code of [-1, -2, -3, -6]) {
    t.ok(isGone(coded(code)), String(code))
    t.ok(isForGood(coded(code)), String(code))
  }
  t.notOk(isGone(undefined))
})
