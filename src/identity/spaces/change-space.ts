import type { Catalog } from '../../catalog/catalog/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { spaceFacts } from './create-space.ts'
import { type SpaceRules, withRules } from './rules.ts'
import type { Space, SpaceParts } from './space.ts'
import { changeSpaceStatus, findSpace, treeOfSpace, updateRules } from './space-store.ts'

/**
 * Changes what a space says. When it has returned, every replica decides by it; resource tokens of tasks there are void.
 * @throws Problem `space.unknown`, `space.bad`
 */
export async function changeSpace(
  parts: SpaceParts & { readonly catalog: Pick<Catalog, 'current'> },
  change: { readonly name: string; readonly rules: SpaceRules; readonly by: string },
): Promise<Space> {
  const { by, name, rules } = change
  const catalog = await parts.catalog.current()
  const { raised, space } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const changed = withRules(await requireSpace(tx, name), rules, catalog)
    await updateRules(tx, changed)
    await parts.ledger.append(tx, {
      type: 'space.changed',
      by,
      facts: { space: name, ...spaceFacts(changed) },
      private: { title: changed.title },
    })
    return { space: changed, raised: await parts.live.raise(tx, [{ kind: 'space', id: name }]) }
  })
  await parts.live.settle(raised)
  return space
}

/**
 * Change of the status of a space: which space, by whom (a person or `operator`), and in a sentence
 * why.
 */
export interface SpaceStatusChange {
  readonly name: string
  readonly by: string
  readonly reason: string
}

/**
 * Suspends a space: nothing is called from it or any space below it until it is resumed. @throws
 * Problem `space.unknown`
 */
export function suspendSpace(parts: SpaceParts, change: SpaceStatusChange): Promise<void> {
  return move(parts, change, 'suspended')
}

/** Lets it go on; resource tokens from before stay dead. @throws Problem `space.unknown` */
export function resumeSpace(parts: SpaceParts, change: SpaceStatusChange): Promise<void> {
  return move(parts, change, 'active')
}

const RECORD = { active: 'space.resumed', suspended: 'space.suspended' } as const
const STATE = { active: 'active', suspended: 'suspended' } as const

async function move(
  parts: SpaceParts,
  { by, name, reason }: SpaceStatusChange,
  to: 'active' | 'suspended',
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    await requireSpace(tx, name)
    const from = to === 'active' ? 'suspended' : 'active'
    if (await changeSpaceStatus(tx, name, [from], to))
      await parts.ledger.append(tx, {
        type: RECORD[to],
        by,
        facts: { space: name },
        private: { reason },
      })
    // INVARIANT: a second call, too, returns only when no replica permits; the first may still be waiting for one.
    return parts.live.raise(tx, [{ kind: 'space', id: name, state: STATE[to] }])
  })
  await parts.live.settle(raised)
}

/**
 * Ends a space and everything below it, for good; tasks there close.
 * @throws Problem `space.unknown`
 */
export async function removeSpace(parts: SpaceParts, change: SpaceStatusChange): Promise<void> {
  const { by, name, reason } = change
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    await requireSpace(tx, name)
    const ids = await treeOfSpace(tx, name)
    for (const id of ids.toReversed()) {
      await changeSpaceStatus(tx, id, ['active', 'suspended'], 'removed')
      await parts.ledger.append(tx, {
        type: 'space.removed',
        by,
        facts: { space: id },
        private: { reason },
      })
    }
    return parts.live.raise(
      tx,
      ids.map((id) => ({ kind: 'space', id, state: 'ended' })),
    )
  })
  await parts.live.settle(raised)
}

/** Finds a space that is not removed. @throws Problem `space.unknown` */
export async function requireSpace(reader: Reader, name: string): Promise<Space> {
  const space = await findSpace(reader, name)
  if (!space || space.status === 'removed')
    throw new Problem('space.unknown', `there is no space \`${name}\``)
  return space
}
