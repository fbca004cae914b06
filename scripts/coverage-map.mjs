/** What every test is to cover, for tap: the library, not the tests and the examples that run with it. */
export default function coveredFiles () {
  return ['dist/lib/**/*.js']
}
