import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import type { GatewayPorts } from '../../edges/gateway/index.ts'
import { issueTicket } from '../../grants/grants/index.ts'
import { checkTicket, type TicketClaims } from '../../identity/tokens/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { isObject, parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { ownTokens } from '../../tasks/facts/index.ts'
import type { PermittedAgentCall, TypedAgentCall } from './call-steps.ts'
import { invalidParams } from './read-params.ts'

/** Header with the ticket that goes on to the agent. */
export const TICKET = 'remit-ticket'

/** Names of the members of a child request in a frozen call, as the operation that makes tickets has them. */
interface ChildMembers {
  readonly agent: string
  readonly purpose: string
  readonly authorization_details: unknown
  readonly budget?: unknown
  readonly requested_lifetime?: number
  readonly space?: string
}

/**
 * Takes the ticket that the caller hands on to the agent (`Remit-Ticket`), so that the agent opens a
 * task below the caller's. INVARIANT: nothing but a ticket of the caller's own task goes on.
 */
export async function takeTicket(
  typed: TypedAgentCall,
  ports: GatewayPorts,
): Promise<TypedAgentCall> {
  // A call that was approved goes as it was frozen, whatever comes with the question about it.
  if (typed.deferred) return typed
  const ticket = typed.request.headers.get(TICKET)
  if (ticket === undefined) return typed
  const claims = await checkTicket(ticket, ownTokens(ports.decisions)).catch((error: unknown) => {
    if (error instanceof Problem) return undefined
    throw error
  })
  if (claims?.task.parent === typed.task)
    return { ...typed, ticket, handsOn: childTaskText(claims) }
  throw invalidParams(typed.rpc.id, '`Remit-Ticket` is no ticket of this task that holds')
}

/**
 * Text of the child task that a ticket asks for, without the ticket's own id and time. It is part of the call, so that people see the authority
 * handed on with it, and answer about that.
 */
function childTaskText({
  agent,
  budget,
  delegates = [],
  details,
  lifeSeconds,
  space,
  task,
}: TicketClaims) {
  const members: ChildMembers = {
    ...{ agent, purpose: task.purpose, authorization_details: [...details, ...delegates] },
    ...(budget === undefined ? {} : { budget }),
    ...(lifeSeconds === undefined ? {} : { requested_lifetime: lifeSeconds }),
    ...(space === undefined ? {} : { space }),
  }
  return canonicalJson(parseJson(JSON.stringify(members)))
}

/** Headers of a call that are decided on: what it hands on. */
export function decidedHeaders({
  handsOn,
}: TypedAgentCall): readonly (readonly [string, string])[] {
  return handsOn === undefined ? [] : [[TICKET, handsOn]]
}

/** Child request in a call as it was frozen. */
export function handedOnBy({ call }: AccessRequest): { readonly handsOn?: string } {
  const frozen = parseJson(call, { bytes: Buffer.byteLength(call) })
  const headers = isObject(frozen) ? frozen.get('headers') : undefined
  if (!Array.isArray(headers)) return {}
  for (const header of headers) {
    const [name, text] = Array.isArray(header) ? header : []
    if (name === TICKET && typeof text === 'string') return { handsOn: text }
  }
  return {}
}

/**
 * Ticket that goes with a permitted call: the caller's own, or, of a call that waited for people, a fresh one for the child task that they
 * saw. Everything that a ticket is asked for is asked again.
 * @throws Problem of what the caller may not hand on any more
 */
export async function ticketFor(
  { deferred, handsOn, task, ticket }: PermittedAgentCall,
  { decisions }: GatewayPorts,
): Promise<string | undefined> {
  if (!deferred || handsOn === undefined) return ticket
  const members = JSON.parse(handsOn) as ChildMembers // as: written by `childTaskText`
  const held = await decisions.facts.task(task)
  if (!held) throw new Error(`task ${task} has no row`)
  const { token } = await issueTicket(decisions, held.task, {
    ...{ agent: members.agent, purpose: members.purpose },
    details: members.authorization_details,
    ...{ budget: members.budget, space: members.space, lifeSeconds: members.requested_lifetime },
  })
  return token
}
