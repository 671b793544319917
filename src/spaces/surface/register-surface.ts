import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { newProgramSecret } from '../../lib/program-secret.ts'
import type { Secret } from '../../lib/secret.ts'
import { visible } from '../../lib/text/visible.ts'
import { requireSpace } from '../change-space.ts'
import type { SpaceParts } from '../parts.ts'
import { SILENT_AFTER, type Surface } from './surface.ts'
import { insertSurface, revokeRow } from './surface-store.ts'

/**
 * Lets a program say who is in the threads of a space and of all below it. The secret is shown this once and kept nowhere.
 * @throws Problem `space.unknown`, `surface.bad`
 */
export async function registerSurface(
  parts: SpaceParts,
  wish: {
    readonly space: string
    readonly name: string
    readonly silentAfterSeconds?: number | undefined
    readonly by: string
  },
): Promise<{ surface: Surface; secret: Secret }> {
  const { by, name, space } = wish
  if (name.trim() === '' || name.length > 100 || visible(name) !== name)
    throw new Problem('surface.bad', 'a name is 1 to 100 visible characters')
  const now = parts.clock.now()
  const { digest, secret } = newProgramSecret('surface', parts.random)
  const surface: Surface = {
    id: newId('surface', parts.random),
    name,
    spaceId: space,
    silentAfter: readSilence(wish.silentAfterSeconds),
    createdBy: by,
    createdAt: now,
    heardAt: now,
    revokedAt: null,
  }
  await parts.storage.transaction(async (tx) => {
    await requireSpace(tx, space)
    await insertSurface(tx, surface, digest)
    await parts.live.begin(tx, { kind: 'surface', id: surface.id })
    await parts.ledger.append(tx, {
      type: 'surface.registered',
      by,
      facts: { space, surface: surface.id, silent_after_ms: surface.silentAfter },
      private: { name },
    })
  })
  return { surface, secret }
}

function readSilence(seconds: number | undefined): number {
  if (seconds === undefined) return SILENT_AFTER.default
  const ms = seconds * 1000
  if (!Number.isSafeInteger(ms) || ms < SILENT_AFTER.least || ms > SILENT_AFTER.most)
    throw new Problem('surface.bad', 'a surface may be silent for 60 to 86400 seconds')
  return ms
}

/**
 * Ends a surface: when this has returned, its secret says nothing, and nothing that it said counts anywhere.
 * @throws Problem `surface.unknown`
 */
export async function revokeSurface(
  parts: SpaceParts,
  { by, id, space }: { readonly id: string; readonly space: string; readonly by: string },
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await revokeRow(tx, { id, spaceId: space, at: parts.clock.now() })))
      throw new Problem('surface.unknown', `\`${space}\` has no such surface in use`)
    await parts.ledger.append(tx, { type: 'surface.revoked', by, facts: { space, surface: id } })
    return parts.live.raise(tx, [{ kind: 'surface', id, state: 'ended' }])
  })
  await parts.live.settle(raised)
}
