import type { CallParts } from '../../../calls/calls/index.ts'
import { domainHash } from '../../../platform/lib/canonical-json.ts'
import type { LiveKey } from '../../../platform/revocation/index.ts'
import {
  endDraft,
  insertDraft,
  latestDraft,
  type ShadowDraft,
  type ShadowEnding,
} from './shadow-store.ts'

/** Changes when a draft starts or stops, so that all replicas hear of it. */
export const SHADOW: LiveKey = { kind: 'policy', id: 'shadow' }

type Parts = Pick<CallParts, 'storage' | 'live' | 'ledger' | 'clock' | 'policies'>

/**
 * Puts a draft beside the policies in force; the one that was there ends. When it has returned, every replica knows. The text was
 * checked against the catalog.
 */
export async function startShadow(
  parts: Parts,
  { by, note, text }: Pick<ShadowDraft, 'text' | 'note' | 'by'>,
): Promise<ShadowDraft> {
  const { version: baseVersion } = await parts.policies.active()
  const digest = domainHash('remit/policies/v1', text)
  const startedAt = parts.clock.now()
  const { draft, raised } = await parts.storage.transaction(async (tx) => {
    const before = await latestDraft(tx)
    if (before) await endDraft(tx, before.number, { at: startedAt, why: 'replaced' })
    const number = (before?.number ?? 0) + 1
    const draft = {
      number,
      text,
      baseVersion,
      digest,
      note,
      by,
      startedAt,
      endedAt: null,
      endedWhy: null,
    }
    await insertDraft(tx, draft)
    await parts.ledger.append(tx, {
      type: 'policy.shadow_started',
      policyVersion: baseVersion,
      by,
      facts: { digest, draft: number },
    })
    return { draft, raised: await parts.live.raise(tx, [{ ...SHADOW, state: 'active' }]) }
  })
  await parts.live.settle(raised)
  return draft
}

/** Ends the draft that runs, on every replica. Its findings stay. False: none did. */
export async function stopShadow(
  parts: Omit<Parts, 'policies'>,
  {
    by,
    number,
    why = 'stopped',
  }: { readonly by: string; readonly number?: number; readonly why?: ShadowEnding },
): Promise<boolean> {
  const raised = await parts.storage.transaction(async (tx) => {
    const draft = await latestDraft(tx)
    if (!draft || (number !== undefined && draft.number !== number)) return undefined
    if (!(await endDraft(tx, draft.number, { at: parts.clock.now(), why }))) return undefined
    await parts.ledger.append(tx, {
      type: 'policy.shadow_ended',
      policyVersion: draft.baseVersion,
      by,
      reason: why,
      facts: { draft: draft.number },
    })
    return parts.live.raise(tx, [{ ...SHADOW, state: 'active' }])
  })
  if (!raised) return false
  await parts.live.settle(raised)
  return true
}
