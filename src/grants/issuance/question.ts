import { type Ask, askFor, type Detail, type Requestable } from '@remit/engine'
import {
  callHash,
  type FrozenCall,
  type FrozenQuestion,
  frozenText,
} from '../../approvals/access-requests/index.ts'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { ForeignActor } from '../../identity/tokens/index.ts'
import { type Canonical, domainHash } from '../../platform/lib/canonical-json.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import type { GrantName } from '../../policy/policy/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import { issueAction, type Token } from './issuing.ts'

/** A request to open a task, as far as people are asked about it. */
interface OpeningTerms {
  readonly purpose: string
  readonly lifeSeconds?: number | undefined
  readonly budget?: unknown
  readonly resource?: string | undefined
  readonly space?: string | undefined
  readonly thread?: string | undefined
  /** Agents of other organizations that acted before. */
  readonly way?:
    | { readonly kind: 'asserted'; readonly actors: readonly ForeignActor[] }
    | { readonly kind: 'sponsored' | 'child' }
    | undefined
}

/** Question to people about an opening that rules make wait for them. */
export interface OpeningQuestion {
  readonly taskId: Id<'task'>
  /** Ids of the agents, the one that acts first. */
  readonly chain: readonly string[]
  /** The represented person, or the sponsor. */
  readonly person: Pick<Person, 'id'>
  readonly sponsored: boolean
  readonly grant: GrantName
  readonly request: OpeningTerms
  /** Details that would be granted; `mayDelegate`: those to hand on. */
  readonly details: readonly Detail[]
  readonly mayDelegate: readonly Detail[]
  /** Thumbprint of the key that the task will be bound to, where it is known. */
  readonly thumbprint: string | undefined
  /** End that no approval outlives, where a lifetime is not the limit. */
  readonly deadline: number
}

/** Question to people about one token of a task that is open. */
export interface TokenQuestion {
  readonly held: TaskLineage
  readonly token: Token
  readonly grant: GrantName
  /** Catalog name. */
  readonly resource: string
  readonly details: readonly Detail[]
}

/** Risk of any that tokens are issued for. */
const RISK = 'high'
/** Words by which an approval says whether it was about all of a task, or about one token of it. */
export const OPENING_WORDS = domainHash('remit/opening-sentence/v1', {})
const TOKEN_WORDS = domainHash('remit/token-sentence/v1', {})

type QuestionParts = Pick<FactParts, 'issuer' | 'random'>

/** The forbids of an opening as one question. The same opening asks the same; another one asks again. */
export function openingQuestion(
  parts: QuestionParts,
  asked: OpeningQuestion,
  forbids: readonly Requestable[],
  { catalog, policyVersion }: { readonly catalog: CatalogView; readonly policyVersion: number },
): FrozenQuestion {
  const { details, grant, mayDelegate, request, thumbprint } = asked
  const { budget, lifeSeconds, purpose, resource: wanted, space, thread } = request
  const { actors = [] } = request.way?.kind === 'asserted' ? request.way : {}
  const given = { budget, requested_lifetime: lifeSeconds, resource: wanted, space, thread }
  const resource = firstResourceName(details.length > 0 ? details : mayDelegate, catalog)
  return question(parts, { ...asked, personId: asked.person.id }, forbids, {
    ...{ policyVersion, resource, words: OPENING_WORDS },
    action: issueAction('access_token', { grant }),
    text: sentenceOf(details.length > 0 ? details : mayDelegate, resource, 'Open a task that may'),
    value: {
      purpose,
      may_do: details,
      may_hand_on: mayDelegate,
      key: thumbprint,
      acted_before: actors.length > 0 ? actors : undefined,
      ...given,
    },
  })
}

/** The forbids of one token of an open task as one question. */
export function tokenQuestion(
  parts: QuestionParts,
  { details, grant, held, resource, token }: TokenQuestion,
  forbids: readonly Requestable[],
  policyVersion: number,
): FrozenQuestion {
  const { chain, task } = held
  const { deadline, id: taskId, keyThumbprint, personId, purpose, sponsored } = task
  return question(parts, { chain, deadline, personId, sponsored, taskId }, forbids, {
    ...{ policyVersion, resource, words: TOKEN_WORDS },
    action: issueAction(token, { grant }),
    text: sentenceOf(details, resource, 'Give the task a token that may'),
    value: { purpose, may_do: details, key: keyThumbprint ?? undefined },
  })
}

function question(
  { issuer, random }: QuestionParts,
  about: Pick<FrozenQuestion, 'taskId' | 'personId' | 'sponsored' | 'deadline'> & {
    readonly chain: readonly string[]
  },
  forbids: readonly Requestable[],
  said: {
    readonly action: string
    readonly resource: string
    readonly text: string
    readonly words: string
    readonly policyVersion: number
    readonly value: Readonly<Record<string, unknown>>
  },
): FrozenQuestion {
  const { chain, deadline, personId, sponsored, taskId } = about
  const { action, policyVersion, resource, text, words } = said
  const ask: Ask = askFor(forbids, RISK)
  const present = Object.entries(said.value).filter(([, value]) => value !== undefined)
  const value = Object.fromEntries(present) as Canonical // details, texts, and parsed JSON
  const call: FrozenCall = {
    ...{ person: personId, chain, task: taskId, resource, upstream: issuer, definition: words },
    ...{ action, method: 'POST', path: '/oauth/token', query: [], headers: [] },
    body: { kind: 'json', value },
  }
  return {
    ...{ taskId, personId, deadline, sponsored, ask, policyVersion, resource, action, text },
    agentId: chain[0] ?? '',
    callHash: callHash(call),
    call: frozenText(call),
    templateDigest: words,
    inspected: null,
    decisionId: newId('decision', random),
  }
}

/** The first one, by its name in the catalog. */
function firstResourceName(details: readonly Detail[], { byIdentifier }: CatalogView): string {
  const [location = ''] = details.flatMap(({ locations }) => locations)
  return byIdentifier.get(location)?.name ?? 'remit'
}

const MAX_NAMED = 6

/** Names of actions are the catalog's: nothing in it is the agent's. */
function sentenceOf(details: readonly Detail[], resource: string, begins: string): string {
  const actions = [...new Set(details.flatMap(({ actions: names }) => names))]
  const places = new Set(details.flatMap(({ locations }) => locations)).size
  const named = actions.slice(0, MAX_NAMED).join(', ')
  const more = actions.length > MAX_NAMED ? ` and ${actions.length - MAX_NAMED} more` : ''
  const bounded = details.some(({ bounds }) => bounds.length > 0) ? ', within bounds,' : ''
  const where = places > 1 ? `${resource} and ${places - 1} more` : resource
  return `${begins} do ${named}${more}${bounded} at ${where}`
}
