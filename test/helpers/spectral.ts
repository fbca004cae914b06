import core, { type RulesetDefinition } from '@stoplight/spectral-core'
import rulesets from '@stoplight/spectral-rulesets'

/** What Spectral's `spectral:oas` finds in an OpenAPI document, of any severity, each in a line. */
export async function findingsOf (document: object): Promise<string[]> {
  const spectral = new core.Spectral()
  // It is one, though its types do not tell.
  spectral.setRuleset({ extends: [rulesets.oas as RulesetDefinition] })
  return (await spectral.run(JSON.stringify(document))).map(({ code, path, message }) => `${code} ${path.join(' ')}: ${message}`)
}
