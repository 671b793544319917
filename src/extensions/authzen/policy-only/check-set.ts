import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { Problem } from '../../../platform/lib/problem.ts'
import { nesting, splitPolicies } from '../../../policy/cedar/index.ts'
import { POLICY_LIMITS, validatePolicies } from '../../../policy/policy/index.ts'
import { readEntities } from './entities.ts'
import { LoadedOnlySet } from './loaded-set.ts'
import { namePolicies } from './name-policies.ts'
import { ONLY_LIMITS, type OnlySetText } from './only-set.ts'
import { readShape } from './shape.ts'

/** One thing that is wrong with a set, or odd. Lines and columns are those of its part. */
export interface PolicyOnlyMistake {
  readonly part: 'policies' | 'schema' | 'entities'
  readonly message: string
  readonly policy?: string
  readonly line?: number
  readonly column?: number
  readonly help?: string
}

export interface OnlyValidation {
  readonly mistakes: readonly PolicyOnlyMistake[]
  readonly warnings: readonly PolicyOnlyMistake[]
  /** Policies as they are kept: each with an id. */
  readonly policies: string
}

/**
 * Checks everything in a set at once: policies strictly against the schema of the set, and entities
 * too. Run it in a thread (`checkOnlySetInWorker`), as `validatePolicies`.
 */
export function checkOnlySet({ entities, policies: given, schema }: OnlySetText): OnlyValidation {
  const { made, text: policies } = namePolicies(given)
  const mistaken = (part: PolicyOnlyMistake['part'], message: string): OnlyValidation => ({
    mistakes: [{ part, message }],
    warnings: [],
    policies,
  })
  if (Buffer.byteLength(schema) > ONLY_LIMITS.schemaBytes)
    return mistaken('schema', `longer than ${ONLY_LIMITS.schemaBytes} bytes`)
  if (nesting(schema) > POLICY_LIMITS.nesting)
    return mistaken('schema', `brackets are nested deeper than ${POLICY_LIMITS.nesting}`)
  const { mistakes, warnings } = validatePolicies(policies, schema)
  const found: PolicyOnlyMistake[] = mistakes.map((mistake) => ({ ...mistake, part: 'policies' }))
  const odd: PolicyOnlyMistake[] = warnings.map((warning) => ({ ...warning, part: 'policies' }))
  if (made > 0)
    odd.push({
      part: 'policies',
      message: `${made} without an \`@id\`: ids were made of their texts`,
    })
  const ownSchema = cedar.checkParseSchema(schema)
  if (ownSchema.type !== 'success')
    return mistaken('schema', ownSchema.errors[0]?.message ?? 'it cannot be read')
  found.push(...asksPeople(policies))
  if (found.length > 0) return { mistakes: found, warnings: odd, policies }
  try {
    readEntities(entities, readShape(schema))
    new LoadedOnlySet({ name: 'checked', version: 0, policies, schema, entities })
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'policy_set.invalid') throw error
    return { mistakes: error.members.mistakes as PolicyOnlyMistake[], warnings: odd, policies } // as: every `policy_set.invalid` is made with them
  }
  return { mistakes: [], warnings: odd, policies }
}

/**
 * Finds what people could lift: people are not asked about decisions of such a set, so it would only
 * mislead.
 */
function asksPeople(policies: string): readonly PolicyOnlyMistake[] {
  return splitPolicies(policies).some(({ text }) => /@\s*requestable\b/.test(text))
    ? [
        {
          part: 'policies',
          message: '`@requestable` has no effect in a policy-only set: no one is asked',
        },
      ]
    : []
}
