import { RULES, rulesEpoch } from '../catalog/index.ts'
import { domainHash } from '../lib/domain-hash.ts'
import { Problem } from '../lib/problem.ts'
import { checkPolicies } from './check.ts'
import type { Mistake } from './findings.ts'
import type { PolicyParts } from './parts.ts'
import { insertSet, latestSet } from './policy-store.ts'
import { schemaFor } from './schema.ts'

export interface Published {
  readonly version: number
  readonly digest: string
  /** Odd, but accepted; also rules that ask people who do not exist. */
  readonly warnings: readonly Mistake[]
}

/**
 * Publishes a text of policies as a new, immutable version and makes it the active one. When it has returned, no replica decides
 * by the older one. Refused as a whole when anything is wrong with it; the running set then stays.
 * @throws Problem `policy.invalid` (member `mistakes`: everything that is wrong, with id, line and column), `catalog.changed`
 */
export async function publishPolicies(
  parts: PolicyParts,
  set: { readonly text: string; readonly by: string; readonly note: string },
): Promise<Published> {
  const { storage, live } = parts
  const { text, by, note } = set
  const before = await rulesEpoch(parts)
  const schema = schemaFor([...(await parts.catalog.current()).actions.values()])
  const { mistakes, warnings } = await checkPolicies(storage.read, { text, schema })
  if (mistakes.length > 0) throw invalid(mistakes)
  const digest = domainHash('remit/policies/v1', text)
  const { version, raised } = await storage.transaction(async (tx) => {
    const version = ((await latestSet(tx))?.version ?? 0) + 1
    await insertSet(tx, { version, text, schema, digest, note, by, at: parts.clock.now() })
    await parts.ledger.append(tx, {
      type: 'policy.published',
      policyVersion: version,
      by,
      facts: { digest },
    })
    const raised = await live.raise(tx, [{ ...RULES, state: 'active' }])
    // INVARIANT: the text was checked against the catalog that it is published into.
    if (raised.states[0]?.epoch !== before + 1) {
      throw new Problem(
        'catalog.changed',
        'the catalog or the policies changed during the check; try again',
      )
    }
    return { version, raised }
  })
  await live.settle(raised)
  return { version, digest, warnings }
}

export function invalid(
  mistakes: readonly Mistake[],
  code: 'policy.invalid' | 'policy.would_break' = 'policy.invalid',
): Problem {
  const [first] = mistakes
  const where = first
    ? `line ${first.line}, column ${first.column}: ${first.message}`
    : 'unreadable'
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : ''
  return new Problem(code, `${where}${more}`, { members: { mistakes } })
}
