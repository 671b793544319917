import type { Detail } from '@remit/engine'
import type { Resource } from '../../catalog/catalog/index.ts'
import { insertBearerStep, newOpaqueToken } from '../../identity/opaque-tokens/index.ts'
import {
  type MintedToken,
  mintResourceToken,
  RESOURCE_TOKEN_LIFE_MS,
} from '../../identity/tokens/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { Step } from '../../platform/storage/index.ts'
import { type FactParts, minting, type Setting, tokenParties } from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'

/** Contents of a resource token. */
export interface ResourceAccess {
  readonly resource: Resource
  readonly view: LiveView
  readonly setting: Setting
  readonly details: readonly Detail[]
  readonly scope?: string | undefined
  /** The end of what people approved, where they had to. */
  readonly until?: number | undefined
  /** `null`: of a client that cannot prove possession. */
  readonly thumbprint: string | null
}

/** A token, and what has to be stored with it. */
export interface IssuedAccess {
  readonly token: MintedToken
  readonly steps: readonly Step[]
}

/**
 * A resource token in the form that its resource wants: a JWT with all claims, or an opaque handle (RFC 7662 answers its
 * claims). Without a key it is always a handle.
 */
export async function resourceAccess(
  parts: FactParts,
  held: TaskLineage,
  access: ResourceAccess,
): Promise<IssuedAccess> {
  // As it is now, and not when the request came: a view that was read meanwhile is later than what came before it.
  const { byIdentifier } = await parts.catalog.current()
  const resource = byIdentifier.get(access.resource.identifier) ?? access.resource
  const { thumbprint } = access
  if (thumbprint === null || resource.tokenForm === 'opaque') return handle(parts, held, access)
  const { id, purpose } = held.task
  const token = await mintResourceToken(minting(parts), {
    parties: tokenParties(parts, held, access.setting, resource),
    task: { id, purpose, ep: access.view.hash },
    resource: resource.identifier,
    details: access.details,
    ...(access.scope === undefined ? {} : { scope: access.scope }),
    authentication: held.task,
    thumbprint,
    notAfter: Math.min(held.task.deadline, access.until ?? held.task.deadline),
  })
  return { token, steps: [] }
}

function handle(
  parts: Pick<FactParts, 'clock' | 'random' | 'storage'>,
  { task }: TaskLineage,
  access: ResourceAccess,
): IssuedAccess {
  const { token, digest } = newOpaqueToken('remit_at', parts.random)
  const id = base64url(parts.random.bytes(16))
  const now = parts.clock.now()
  const ends = Math.min(task.deadline, access.until ?? task.deadline)
  const expiresAt = Math.min(now + RESOURCE_TOKEN_LIFE_MS, ends)
  const { details, resource, scope = null, thumbprint, view } = access
  const step = insertBearerStep(parts.storage.read, {
    ...{ digest, id, taskId: task.id, resource: resource.identifier, epochs: view.hash, details },
    ...{ scope, thumbprint, issuedAt: now, expiresAt },
  })
  return {
    token: { token, id, expiresIn: Math.floor((expiresAt - now) / 1000) },
    steps: [step],
  }
}
