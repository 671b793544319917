import { covers, type Detail } from '@remit/engine'
import { type AdmittedRequest, isRecorded, type Verdict } from '../../calls/calls/index.ts'
import type { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import type { GatewayPorts } from '../../edges/gateway/index.ts'
import { scopeAvailability } from '../../grants/code-grant/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import type { Json, JsonObject } from '../../platform/lib/json.ts'
import {
  basesFor,
  type ConsentRequest,
  findConsent,
  requestConsent,
} from '../../tasks/consent/index.ts'
import type { Task } from '../../tasks/tasks/index.ts'
import type { TypedAgentCall } from './call-steps.ts'
import { asAnswer, ourTask, withOurs } from './waiting.ts'

/**
 * Asks the person of a task whether its agent may do what the task does not include, and answers with
 * a task that waits for them. `undefined`: no one is asked, and the denial stands.
 *
 * INVARIANT: nothing is offered beyond the agent's ceiling, or that policies forbid to it whatever the
 * arguments; so no agent learns of an action that it could never get. A yes is a consent and executes
 * nothing: it takes another task, and the same message again.
 */
export async function askForAuthority(
  call: TypedAgentCall,
  verdict: Verdict<'deny'>,
  ports: GatewayPorts,
): Promise<RpcAnswer | undefined> {
  const { action, resource } = call
  const { decisions } = ports
  const { read } = decisions.storage
  const held = await decisions.facts.task(call.task)
  if (!held || !canAskFor(held.task) || action.quarantined) return undefined
  const { agentId, personId, purpose } = held.task
  const agent = await findAgent(read, agentId)
  const person = await findPerson(read, personId)
  if (!agent || !person) return undefined
  const { kindOf } = await decisions.catalog.current()
  const wanted = { location: resource.identifier, action: action.name, arguments: call.arguments }
  const details = detailsFor(agent.ceiling, wanted)
  if (!covers(details, wanted, kindOf).covered) return undefined
  const who = { person, agent, resource, bearer: false }
  const { forbidden } = await scopeAvailability(decisions, who, new Set([action.name]))
  if (forbidden.has(action.name)) return undefined
  const bases = await basesFor(read, { agentId, personId, now: decisions.clock.now() })
  const agreed = bases.flatMap((basis) => basis.details)
  if (covers(agreed, wanted, kindOf).covered) return undefined
  const consent = await decisions.storage.transaction(async (tx) => {
    const asked = await requestConsent(decisions, tx, { agentId, personId, purpose, details })
    return asked.outcome === 'asked' ? findConsent(tx, asked.consentId) : undefined
  })
  if (!consent) return undefined
  const decided = isRecorded(verdict) ? [['remit/decision', verdict.decisionId] as const] : []
  return asAnswer(call, withOurs(taskOfConsent(consent, ports), decided))
}

/**
 * Tells whether a present person could allow more: to an agent with a key, which can open
 * another task.
 */
function canAskFor({ keyThumbprint, parentId, sponsored, threadId }: Task): boolean {
  return keyThumbprint !== null && parentId === null && !sponsored && threadId === null
}

/** Details of a list that are about this action there, and about nothing else. */
function detailsFor(
  list: readonly Detail[],
  { action, location }: { readonly action: string; readonly location: string },
): readonly Detail[] {
  return list
    .filter(({ actions, type }) => type === 'remit_call' && actions.includes(action))
    .filter(({ locations }) => locations.includes(location))
    .map((detail) => ({ ...detail, actions: [action], locations: [location] }))
}

/**
 * Finds a question about authority at this agent, of the caller's own agent and person. To every other
 * caller there is none.
 */
export async function findOwnQuestion(
  who: AdmittedRequest,
  id: string,
  ports: GatewayPorts,
): Promise<JsonObject | undefined> {
  const consent = await findConsent(ports.decisions.storage.read, id)
  const { resource, task } = who
  const isOwn =
    consent?.agentId === task.agentId &&
    consent.personId === task.personId &&
    consent.details.every(({ locations }) => locations.includes(resource.identifier))
  return isOwn ? taskOfConsent(consent, ports) : undefined
}

/** Writes a question of authority as a task under its id. It has no secret: a person who opens the page signs in. */
function taskOfConsent(consent: ConsentRequest, ports: GatewayPorts): JsonObject {
  const { createdAt, details, expiresAt, id } = consent
  const page = `${ports.issuer}/consent/${id}`
  const actions = [...new Set(details.flatMap((detail) => detail.actions))]
  const isOver = consent.state === 'pending' && expiresAt <= ports.decisions.clock.now()
  const state = isOver ? 'expired' : consent.state
  const words = WORDS[state](actions.join(', '), page)
  const authority = new Map<string, Json>([
    ['state', state],
    ['page', page],
    ['actions', actions],
  ])
  const task = ourTask({ id, createdAt, answeredAt: null }, STATES[state], words)
  return withOurs(task, [['remit/authority', authority]])
}

const STATES: Readonly<Record<ConsentRequest['state'], string>> = {
  pending: 'TASK_STATE_AUTH_REQUIRED',
  // The message is not executed by it, so nothing was completed.
  granted: 'TASK_STATE_FAILED',
  denied: 'TASK_STATE_REJECTED',
  expired: 'TASK_STATE_FAILED',
}
const WORDS: Readonly<Record<ConsentRequest['state'], (names: string, page: string) => string>> = {
  pending: (names, page) => `This task does not include ${names}. Its person answers at ${page}`,
  granted: (names) =>
    `Not executed: ${names} is allowed now. Open another task that includes it, and send the message again.`,
  denied: (names) => `Not executed: its person does not allow ${names}.`,
  expired: () => 'Not executed: no one answered in time.',
}
