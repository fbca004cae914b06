import t from 'tap'
import { readFileSync } from 'node:fs'
import { CLUSTER_RIGHTS, remedyFor, RIGHTS, withRemedy } from '../../lib/engine/remedies.js'

t.test('what helps against a refusal', async t => {
  const remedies: Array<[message: string, remedy: RegExp]> = [
    ['WRONGPASS invalid username-password pair or user is disabled.', /user name/],
    ['NOAUTH Authentication required.', /user name/],
    ['NOPERM this user has no permissions to run the \'info\' command', /ACL SETUSER <user> ~bull:\*/],
    ['NOPERM this user has no permissions to access one of the keys used as arguments', /ACL SETUSER/],
    ['ERR The user executing the script can\'t run this command or subcommand script: ff, on @user_script:1.', /ACL SETUSER/],
    ['ERR ACL failure in script: User a has no permissions to run the \'ltrim\' command', /ACL SETUSER/],
    ['Redis 5.0.7 is too old: the service needs 6.2 or later', /6\.2/]
  ]
  for (const [message, remedy] of remedies) t.match(remedyFor(new Error(message)), remedy, message)
  t.match(remedyFor(Object.assign(new Error('permission denied'), { code: '42501' })), /role/)
  t.match(remedyFor(Object.assign(new Error('no'), { code: '28P01' })), /password/)
})

t.test('none against what passes', async t => {
  for (const error of [new Error('OOM command not allowed'), Object.assign(new Error('no'), { code: '57P01' }), 'NOPERM ', undefined]) t.equal(remedyFor(error), undefined)
  t.equal(withRemedy('A line', new Error('OOM')), 'A line')
  t.match(withRemedy('A line', new Error('NOAUTH Authentication required.')), /^A line\. Check/)
})

t.test('the documentation has the rights', async t => {
  const docs = readFileSync('docs/redis.md', 'utf8')
  for (const rights of [RIGHTS, CLUSTER_RIGHTS]) t.ok(docs.includes(rights), rights)
})
