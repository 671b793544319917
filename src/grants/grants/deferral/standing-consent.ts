import { containsByType, type Detail } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { type IssuanceContext, isRefused } from '../../issuance/index.ts'
import type { WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type GrantedAuthority, grantOpening, type UnapprovedGrant } from '../pipeline/grant.ts'

/** Agent that asks, person who is asked, and the way of issuing. */
export interface AskingParties {
  readonly agent: Agent
  readonly person: Person
  readonly issuing: IssuanceContext
}

/**
 * Tells whether the person allowed all of a question before, and still does. A question that is allowed in part is put.
 * INVARIANT: the person said it themselves. What administrators allow an agent limits a consent, and is none: nothing
 * shows that the person wants anything of this agent.
 */
export async function isAllowedBefore(
  parts: GrantParts,
  wanted: WantedTask,
  { agent, issuing, person }: AskingParties,
  question: readonly Detail[],
): Promise<boolean> {
  const issuers = await parts.issuers.behind(agent)
  const who = { agent, subject: { person }, issuers, issuing }
  const found = await grantOpening(parts, wanted, who, { asksPeople: true })
  if (isRefused(found) || found.outcome === 'needs_consent') return false
  const { bases } = found.outcome === 'needs_approval' ? found.grant : found
  const { kindOf } = await parts.catalog.current()
  return (
    bases.some(({ kind }) => kind === 'consent') &&
    containsByType(allGranted(found), question, kindOf)
  )
}

/** Lists what a grant lets an agent do and, where it asked for that, hand on. */
export function allGranted(found: GrantedAuthority | UnapprovedGrant): readonly Detail[] {
  const { delegatesAsked, details, mayDelegate } =
    found.outcome === 'needs_approval' ? found.grant : found
  return delegatesAsked ? [...details, ...mayDelegate] : details
}
