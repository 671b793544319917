import { Problem } from '../../platform/lib/problem.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import { writeShapes } from '../argument-types/index.ts'
import {
  type CatalogParts,
  changeCatalog,
  changeResource,
  type Resource,
  replaceActions,
  findResource as selectResource,
} from '../catalog/index.ts'
import { deleteOffersOf } from './review/offer-store.ts'

/** Change of a resource: which one, by whom (a person or `operator`), and in a sentence why. */
export interface ResourceChange {
  readonly name: string
  readonly by: string
  readonly reason: string
}

/**
 * Stops every call to a resource. When it has returned, no replica permits one. Suspending twice is no error.
 * @throws Problem `catalog.unknown_resource`, `catalog.changed`
 */
export async function suspendResource(parts: CatalogParts, change: ResourceChange): Promise<void> {
  const { name } = change
  await changeCatalog(parts, {
    write: (tx) => move(parts, tx, change, { from: ['active'], to: 'suspended' }),
    raises: [{ kind: 'resource', id: name, state: 'suspended' }],
  })
}

/** Lets calls through again; resource tokens from before stay dead. Throws like `suspendResource`. */
export async function resumeResource(parts: CatalogParts, change: ResourceChange): Promise<void> {
  const { name } = change
  await changeCatalog(parts, {
    write: (tx) => move(parts, tx, change, { from: ['suspended'], to: 'active' }),
    raises: [{ kind: 'resource', id: name, state: 'active' }],
  })
}

/**
 * Takes a resource and its actions out of the catalog, for good: its name is never used again. Refused while active policies
 * speak of its actions.
 * @throws Problem `catalog.unknown_resource`, `policy.would_break`, `catalog.changed`
 */
export async function removeResource(parts: CatalogParts, change: ResourceChange): Promise<void> {
  const { name } = change
  await changeCatalog(parts, {
    next: (all) => all.filter((action) => action.resource !== name),
    write: async (tx) => {
      await move(parts, tx, change, { from: ['active', 'suspended'], to: 'removed' })
      await deleteOffersOf(tx, name)
      await writeShapes(tx, name, undefined)
      await replaceActions(tx, name, [], { at: parts.clock.now(), by: change.by })
    },
    raises: [{ kind: 'resource', id: name, state: 'ended' }],
  })
}

const RECORD = {
  active: 'resource.resumed',
  suspended: 'resource.suspended',
  removed: 'resource.removed',
} as const

/** Row and record; nothing when the resource is in that state already. */
async function move(
  parts: CatalogParts,
  tx: Tx,
  { name, by, reason }: ResourceChange,
  step: { from: readonly Resource['status'][]; to: Resource['status'] },
): Promise<void> {
  const change = { status: step.to, updated_at: parts.clock.now() }
  if (await changeResource(tx, name, step.from, change)) {
    await parts.ledger.append(tx, {
      type: RECORD[step.to],
      resource: name,
      by,
      private: { reason },
    })
  } else await requireResource(tx, name)
}

/**
 * Names the connection whose credential calls to this resource get, or none. Whether there is such a connection is for
 * `connections/` to say.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource` (a group), `catalog.changed`
 */
export async function setConnection(
  parts: CatalogParts,
  change: { readonly name: string; readonly connection: string | undefined; readonly by: string },
): Promise<void> {
  const { name, connection, by } = change
  await changeCatalog(parts, {
    write: async (tx) => {
      const known = await selectResource(tx, name)
      if (known?.members)
        throw new Problem(
          'catalog.bad_resource',
          `\`${name}\` is a group: its members are connected`,
        )
      const row = { connection: connection ?? null, updated_at: parts.clock.now() }
      if (!(await changeResource(tx, name, ['active', 'suspended'], row)))
        await requireResource(tx, name)
      await parts.ledger.append(tx, {
        type: 'resource.connection_set',
        resource: name,
        by,
        facts: { connection: connection ?? null },
      })
    },
    raises: [{ kind: 'resource', id: name }],
  })
}

async function requireResource(reader: Reader, name: string): Promise<void> {
  const resource = await selectResource(reader, name)
  if (!resource || resource.status === 'removed') {
    throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
  }
}
