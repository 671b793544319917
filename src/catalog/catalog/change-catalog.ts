import { Problem } from '../../platform/lib/problem.ts'
import type { LiveKey, Raise } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { selectActions, selectResources } from './catalog-store.ts'
import { givenNames } from './named-actions.ts'
import type { CatalogParts } from './parts.ts'
import type { Action } from './resource.ts'

/**
 * The rules that decisions are made under: the active policies and the catalog that types them. Its epoch grows with every
 * change of either, so policies and catalog that were read under one epoch belong together.
 */
export const RULES: LiveKey = { kind: 'policy', id: 'active' }

/** Change of the catalog, within one transaction. */
export interface CatalogChange {
  /** Epoch of `RULES` before anything was read that the change rests on. Default: as it is when the check begins. */
  readonly since?: number
  /** The whole catalog as it will be, when actions or their risk classes change. */
  readonly next?: (actions: readonly Action[]) => readonly Action[]
  /** Rows and ledger record. */
  readonly write: (tx: Tx) => Promise<void>
  /** Resources whose epoch is raised. */
  readonly raises: readonly Raise[]
}

/**
 * The one way to change the catalog: the active policies are checked against what will be, then rows, ledger record and
 * epochs change together, and when it has returned no replica decides by the older state.
 * INVARIANT: the checked change is the one that is written: if the rules changed after the check began, nothing is.
 * @throws Problem `policy.would_break`, `catalog.changed`, and what `write` throws
 */
export async function changeCatalog(parts: CatalogParts, change: CatalogChange): Promise<void> {
  const { storage, live } = parts
  const { since: before = await rulesEpoch(parts) } = change
  if (change.next) {
    const next = change.next(await selectActions(storage.read))
    requireOneMeaning(next)
    await parts.revalidate(next)
  }
  const raised = await storage.lanes.revocation.transaction(async (tx) => {
    await change.write(tx)
    const raises = [...change.raises, ...(await groupRaises(tx, change.raises))]
    const result = await live.raise(tx, [...raises, { ...RULES, state: 'active' }])
    const now = result.states.find(({ kind }) => kind === RULES.kind)?.epoch
    if (now !== before + 1)
      throw new Problem('catalog.changed', 'the rules changed during the check; try again')
    return result
  })
  await live.settle(raised)
}

/** INVARIANT: a name that an administrator gave an action is the name of no other. */
function requireOneMeaning(actions: readonly Action[]): void {
  const given = new Set(actions.flatMap(givenNames))
  const taken = actions.find(({ name }) => given.has(name))
  if (taken)
    throw new Problem('catalog.changed', `\`${taken.name}\` was given to another action; try again`)
}

/** INVARIANT: tokens for a group end with those for one of its members. */
async function groupRaises(tx: Tx, raises: readonly Raise[]): Promise<readonly Raise[]> {
  const raised = new Set(raises.flatMap(({ id, kind }) => (kind === 'resource' ? [id] : [])))
  if (raised.size === 0) return []
  return (await selectResources(tx))
    .filter(({ members, name }) => !raised.has(name) && members?.some((each) => raised.has(each)))
    .map(({ name }) => ({ kind: 'resource', id: name }))
}

/** Zero before there were any rules. */
export async function rulesEpoch(parts: Pick<CatalogParts, 'live'>): Promise<number> {
  const { states } = await parts.live.view([RULES])
  return states[0]?.epoch ?? 0
}
