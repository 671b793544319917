import { asDelegates, type Detail, granted, intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import type { BasisLimits } from '../../tasks/consent/index.ts'
import { delegationCeiling } from '../../tasks/facts/index.ts'

/**
 * Details that a task asks for: those to do, and those to hand on. Without `delegates`, whatever
 * may be done may be handed on.
 */
export interface AuthorityRequest {
  readonly calls: readonly Detail[]
  readonly delegates: readonly Detail[] | undefined
}

/** Details that a task gets: those to do, and those to hand on. */
export interface Authority {
  readonly details: readonly Detail[]
  readonly mayDelegate: readonly Detail[]
}

/**
 * Cuts both lists of a request down to what everyone allows (contract 2): to do, within the agent's
 * ceiling; to hand on, within the agent's own list, and its ceiling where it has none; both within
 * the parent's list and every basis of the same kind. Where the request hands on nothing, the
 * grant may be handed on, within the same limits.
 */
export function authorityWithin(
  asked: AuthorityRequest,
  agent: Pick<Agent, 'ceiling' | 'mayDelegate'>,
  { bases, parent }: { readonly bases: BasisLimits; readonly parent?: readonly Detail[] },
  kindOf: KindOf,
): Authority {
  const toDo = { bases: bases.calls, parent, ceiling: agent.ceiling }
  const details = granted(asked.calls, toDo, kindOf)
  const toHandOn = { bases: bases.delegates, parent, ceiling: delegationCeiling(agent) }
  const delegates = asked.delegates ?? asDelegates(details)
  return { details, mayDelegate: granted(delegates, toHandOn, kindOf) }
}

/** Answers the asked details that lie within the limits of the agent. */
export function withinAgent(
  { calls, delegates = [] }: AuthorityRequest,
  agent: Pick<Agent, 'ceiling' | 'mayDelegate'>,
  kindOf: KindOf,
): Authority {
  return {
    details: intersect(calls, agent.ceiling, kindOf),
    mayDelegate: intersect(delegates, delegationCeiling(agent), kindOf),
  }
}

/**
 * Tells whether nothing is left to do; or, where only handing on was asked for, nothing to hand on.
 */
export function isNothing(asked: AuthorityRequest, { details, mayDelegate }: Authority): boolean {
  return asked.calls.length > 0 ? details.length === 0 : mayDelegate.length === 0
}
