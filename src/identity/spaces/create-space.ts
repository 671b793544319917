import type { Catalog } from '../../catalog/catalog/index.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { type SpaceRules, withRules } from './rules.ts'
import { MAX_LEVELS, PARENTS, type Space, type SpaceKind, type SpaceParts } from './space.ts'
import { findLine, findSpace, hasOrganization, insertSpace } from './space-store.ts'

/**
 * Makes a space in another one, or the organization, which is in none. Its name is never given again.
 * @throws Problem `space.bad`, `space.exists`, `space.unknown`
 */
export async function createSpace(
  parts: SpaceParts & { readonly catalog: Pick<Catalog, 'current'> },
  wish: {
    readonly name: string
    readonly kind: SpaceKind
    readonly parent?: string | undefined
    readonly rules: SpaceRules
    readonly by: string
  },
): Promise<Space> {
  const { by, kind, name, parent, rules } = wish
  if (!isName(name)) throw new Problem('space.bad', 'a name is lower-case letters, digits, hyphens')
  const space = withRules(
    {
      id: name,
      parentId: parent ?? null,
      kind,
      title: name,
      mode: null,
      people: null,
      agents: null,
      details: null,
      status: 'active',
      createdBy: by,
      createdAt: parts.clock.now(),
    },
    rules,
    await parts.catalog.current(),
  )
  await parts.storage.transaction(async (tx) => {
    await requirePlace(tx, space)
    if (await findSpace(tx, name))
      throw new Problem('space.exists', `there is, or was, a space \`${name}\``)
    await insertSpace(tx, space)
    await parts.live.begin(tx, { kind: 'space', id: name })
    await parts.ledger.append(tx, {
      type: 'space.created',
      by,
      facts: { space: name, kind, parent: parent ?? null, ...spaceFacts(space) },
      private: { title: space.title },
    })
  })
  return space
}

/** Rules, as the ledger says them. */
export function spaceFacts({ agents, details, mode, people }: Space) {
  return { mode, people, agents, details }
}

async function requirePlace(tx: Tx, { kind, parentId }: Space): Promise<void> {
  if (parentId === null) {
    if (kind !== 'organization') throw new Problem('space.bad', `a ${kind} needs a parent space`)
    if (await hasOrganization(tx))
      throw new Problem('space.exists', 'there is already an organization')
    return
  }
  const line = await findLine(tx, parentId)
  const [parent] = line
  if (!parent || parent.status === 'removed')
    throw new Problem('space.unknown', `there is no space \`${parentId}\``)
  if (!PARENTS[kind].includes(parent.kind))
    throw new Problem('space.bad', `a ${kind} cannot be in a ${parent.kind}`)
  if (line.length >= MAX_LEVELS)
    throw new Problem('space.bad', `spaces are ${MAX_LEVELS} deep at most`)
}
