/** Tells tap what each test covers: the library, without the tests and the examples. */
export default function coveredFiles () {
  return ['dist/lib/**/*.js']
}
