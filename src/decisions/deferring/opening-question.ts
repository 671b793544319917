import { type Ask, askFor, type Detail, type Requestable } from '@remit/engine'
import type { Agent } from '../../agents/index.ts'
import {
  callHash,
  type FrozenCall,
  type FrozenQuestion,
  frozenText,
} from '../../approvals/index.ts'
import type { CatalogView } from '../../catalog/index.ts'
import type { Canonical } from '../../lib/canonical-json.ts'
import { domainHash } from '../../lib/domain-hash.ts'
import { type Id, newId } from '../../lib/id.ts'
import type { Person } from '../../people/index.ts'
import { issueAction } from '../issuance/gate.ts'
import type { DecisionParts } from '../parts.ts'
import type { FrozenRequest } from './frozen-request.ts'

/** What people are asked about an opening that rules make wait for them. */
export interface OpeningAsked {
  readonly taskId: Id<'task'>
  readonly agent: Agent
  readonly person: Person
  readonly request: FrozenRequest
  /** What would be granted, and to hand on. */
  readonly details: readonly Detail[]
  readonly mayDelegate: readonly Detail[]
  /** Where a lifetime is not the limit, no approval outlives this. */
  readonly deadline: number
}

/** As any that tokens are issued for. */
const RISK = 'high'
const WORDS = domainHash('remit/opening-sentence/v1', {})

/** The forbids of an opening as one question. The same opening asks the same; another one asks anew. */
export function openingQuestion(
  { issuer, random }: Pick<DecisionParts, 'issuer' | 'random'>,
  asked: OpeningAsked,
  forbids: readonly Requestable[],
  { catalog, policyVersion }: { readonly catalog: CatalogView; readonly policyVersion: number },
): FrozenQuestion {
  const { agent, deadline, details, person, taskId } = asked
  const ask: Ask = askFor(forbids, RISK)
  const resource = resourceOf(details, catalog)
  const call = frozenOpening(issuer, asked, resource)
  return {
    ...{ taskId, deadline, ask, policyVersion, resource },
    personId: person.id,
    agentId: agent.id,
    action: call.action,
    callHash: callHash(call),
    call: frozenText(call),
    text: sentenceOf(details, resource),
    templateDigest: WORDS,
    inspected: null,
    sponsored: false,
    decisionId: newId('decision', random),
  }
}

function frozenOpening(issuer: string, asked: OpeningAsked, resource: string): FrozenCall {
  const { agent, details, mayDelegate, person, request, taskId } = asked
  const { budget, lifeSeconds, purpose, resource: wanted, space, thread } = request
  const given = { budget, requested_lifetime: lifeSeconds, resource: wanted, space, thread }
  const also = Object.entries(given).filter(([, value]) => value !== undefined)
  const value = {
    purpose,
    may_do: details,
    may_hand_on: mayDelegate,
    ...Object.fromEntries(also),
  } as Canonical // details, and what was parsed from JSON
  return {
    person: person.id,
    chain: [agent.id],
    task: taskId,
    resource,
    upstream: issuer,
    definition: WORDS,
    action: issueAction('access_token', { grant: 'token_exchange' }),
    method: 'POST',
    path: '/oauth/token',
    query: [],
    headers: [],
    body: { kind: 'json', value },
  }
}

/** The first one, by its name in the catalog. */
function resourceOf(details: readonly Detail[], { byIdentifier }: CatalogView): string {
  const [location = ''] = details.flatMap(({ locations }) => locations)
  return byIdentifier.get(location)?.name ?? 'remit'
}

const MOST_NAMED = 6

/** Names of actions are the catalog's: nothing in it is the agent's. */
function sentenceOf(details: readonly Detail[], resource: string): string {
  const actions = [...new Set(details.flatMap(({ actions: names }) => names))]
  const places = new Set(details.flatMap(({ locations }) => locations)).size
  const named = actions.slice(0, MOST_NAMED).join(', ')
  const more = actions.length > MOST_NAMED ? ` and ${actions.length - MOST_NAMED} more` : ''
  const bounded = details.some(({ bounds }) => bounds.length > 0) ? ', within bounds,' : ''
  const where = places > 1 ? `${resource} and ${places - 1} more` : resource
  return `Open a task that may do ${named}${more}${bounded} at ${where}`
}
