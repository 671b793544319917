import { schemaInSteps } from '../../../policy/policy/index.ts'
import type { ApiParts } from '../parts.ts'

/** Schema that policies are written against now. */
export async function schemaNow(parts: Pick<ApiParts, 'policy'>): Promise<string> {
  return await schemaInSteps((await parts.policy.catalog.current()).actions.values())
}
