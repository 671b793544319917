import type { Ledger } from '../../../platform/ledger/index.ts'
import { domainHash } from '../../../platform/lib/canonical-json.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import { isName } from '../../../platform/lib/id.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import type { Live } from '../../../platform/revocation/index.ts'
import { isDuplicate, type Storage } from '../../../platform/storage/index.ts'
import { AuthzenProblem } from '../problems.ts'
import type { PolicyOnlyMistake } from './check-set.ts'
import { checkOnlySetInWorker } from './check-set-in-worker.ts'
import { type OnlySetText, onlySetKey, type PolicyOnlySet } from './only-set.ts'
import { insertOnlySet, latestOnlySet } from './set-store.ts'

export interface OnlySetParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly clock: Clock
}

export interface PublishedOnlySet {
  readonly name: string
  readonly version: number
  readonly digest: string
  readonly warnings: readonly PolicyOnlyMistake[]
}

/**
 * Publishes a set as a new, immutable version of its name. When it has returned, no replica answers by an older one. Refused as a
 * whole when anything is wrong with it; the version in force then stays.
 * @throws Problem `policy_set.invalid` (member `mistakes`), `policy_set.overtaken`
 */
export async function publishOnlySet(
  parts: OnlySetParts,
  set: OnlySetText & { readonly name: string; readonly note: string; readonly by: string },
): Promise<PublishedOnlySet> {
  const { by, entities, name, note, schema } = set
  if (!isName(name)) throw new AuthzenProblem('policy_set.invalid', 'the name is not one')
  const { mistakes, policies, warnings } = await checkOnlySetInWorker({
    policies: set.policies,
    schema,
    entities,
  })
  if (mistakes.length > 0) throw invalidSet(mistakes)
  const digest = domainHash('remit/policy-only/v1', [policies, schema, entities].join('\0'))
  const { raised, version } = await parts.storage.lanes.revocation
    .transaction(async (tx) => {
      const version = ((await latestOnlySet(tx, name))?.version ?? 0) + 1
      const at = parts.clock.now()
      const row: PolicyOnlySet = { name, version, policies, schema, entities, digest, note, by, at }
      await insertOnlySet(tx, row)
      await parts.ledger.append(tx, {
        type: 'policy_set.published',
        policyVersion: version,
        by,
        facts: { set: name, digest },
      })
      const raised = await parts.live.raise(tx, [{ ...onlySetKey(name), state: 'active' }])
      return { version, raised }
    })
    .catch((error: unknown) => {
      throw isDuplicate(error)
        ? new AuthzenProblem('policy_set.overtaken', 'another version came first; try again')
        : error
    })
  await parts.live.settle(raised)
  return { name, version, digest, warnings }
}

export function invalidSet(mistakes: readonly PolicyOnlyMistake[]): Problem {
  const [first] = mistakes
  const where = first?.line === undefined ? '' : ` line ${first.line}, column ${first.column}:`
  const words = first ? `${first.part}:${where} ${first.message}` : 'unreadable'
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : ''
  return new AuthzenProblem('policy_set.invalid', `${words}${more}`, { members: { mistakes } })
}
