import { countedRisk, listActions, RISKS } from '../../catalog/index.ts'
import type { Meaning } from '../../people/index.ts'
import type { ApiParts } from '../parts.ts'
import { type Given, said } from './given.ts'

interface Wanted {
  readonly risks: readonly { readonly action: string; readonly risk: string }[]
}

/** Risk classes that were proposed: how each action counts, and how it counts until then. */
export async function meaningOfRisks(parts: ApiParts, { body, params }: Given): Promise<Meaning> {
  const { risks } = body as unknown as Wanted // validated against the schema of the operation
  const resource = said(params.name)
  const actions = await listActions(parts.connections.storage.read, resource)
  const known = new Map(actions.map((action) => [action.name, action]))
  const counts = RISKS.map(
    (risk) => [risk, risks.filter((each) => each.risk === risk).length] as const,
  )
  const told = counts.flatMap(([risk, count]) => (count > 0 ? [`${count} ${risk}`] : []))
  const what = risks.length === 1 ? 'class' : 'classes'
  return {
    sentence: `Accept ${risks.length} proposed risk ${what} of ${resource}: ${told.join(', ')}`,
    facts: [],
    changes: risks.map(({ action: name, risk }) => {
      const action = known.get(name)
      const before = action && countedRisk(action)
      const until = before === undefined || before === risk ? '' : `, counts as ${before} until now`
      return {
        sign: until === '' ? '=' : '~',
        what: `${name}: ${risk} risk${until}`,
        notes: [],
        lines: [],
      }
    }),
    against: 'Actions, against how they count now',
  }
}
