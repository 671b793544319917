import { RISKS } from '@remit/engine'
import { countedRisk, listActions } from '../../../catalog/catalog/index.ts'
import type { ChangeSummary, MeantChange } from '../../../identity/sessions/index.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { said } from '../meaning/words.ts'
import type { ApiParts } from '../parts.ts'

interface RisksBody {
  readonly risks: readonly { readonly action: string; readonly risk: string }[]
}

/** Risk classes that were proposed: which actions count otherwise than until now, and which as they did, by class. */
export async function meaningOfRisks(
  parts: Pick<ApiParts, 'connections'>,
  { body, params }: OperationInput,
): Promise<ChangeSummary> {
  const { risks } = body as unknown as RisksBody // validated against the schema of the operation
  const resource = said(params.name)
  const actions = await listActions(parts.connections.storage.read, resource)
  const before = new Map(actions.map((action) => [action.name, countedRisk(action)]))
  const classes = RISKS.map((risk) => ({ risk, all: risks.filter((each) => each.risk === risk) }))
  const told = classes.flatMap(({ all, risk }) => (all.length > 0 ? [`${all.length} ${risk}`] : []))
  const what = risks.length === 1 ? 'class' : 'classes'
  const others = risks.filter(({ action, risk }) => before.get(action) !== risk)
  const changed = others.map(({ action, risk }) =>
    change('~', `${action}: ${risk} risk, counted as ${before.get(action) ?? 'unknown'} until now`),
  )
  const same = classes.flatMap(({ all, risk }) => {
    const names = all.flatMap((each) => (others.includes(each) ? [] : [each.action]))
    return inRows(names).map((row) => change('=', `${risk} risk, as until now: ${row.join(', ')}`))
  })
  return {
    sentence: `Accept ${risks.length} proposed risk ${what} of ${resource}: ${told.join(', ')}`,
    facts: [],
    changes: [...changed, ...same],
    against: 'Actions, against how they count now',
  }
}

/** A line of a confirmation has an end. */
const NAMES_IN_A_ROW = 20

function inRows(names: readonly string[]): readonly (readonly string[])[] {
  const rows = Math.ceil(names.length / NAMES_IN_A_ROW)
  return Array.from({ length: rows }, (_, i) =>
    names.slice(i * NAMES_IN_A_ROW, (i + 1) * NAMES_IN_A_ROW),
  )
}

function change(sign: MeantChange['sign'], what: string): MeantChange {
  return { sign, what, notes: [], lines: [] }
}
