import { problemOr } from '../../facts/index.ts'
import type { Problem } from '../../lib/problem.ts'
import type { GrantName } from '../../policy/index.ts'
import type { Step } from '../../storage/index.ts'
import type { TaskLineage } from '../../tasks/index.ts'
import {
  type ConsentRequest,
  type Flow,
  findSponsorGrant,
  holdGrantSteps,
} from '../../tasks/index.ts'
import type { FrozenRequest, FrozenWay } from '../frozen-request.ts'
import { type OpeningRequest, type Refused, refused } from '../opening.ts'
import type { AnswerGrant } from '../openings/answer.ts'
import { beginning, childGuards, grantChild } from '../openings/open-child.ts'
import { grantUnder, taskUnder } from '../openings/open-sponsored.ts'
import type { GrantParts } from '../parts.ts'
import type { BroughtAgent } from '../pipeline/bring.ts'
import {
  type Asking,
  type Granted,
  grantOrAsk,
  isUnapproved,
  type Missing,
  type Unapproved,
} from '../pipeline/grant.ts'
import { newTask } from '../pipeline/new-task.ts'
import { type Issuing, issuingBy } from '../token-policy/issuing.ts'
import { isRefused } from '../wanted.ts'

type Planning = Pick<Parameters<typeof newTask>[1], 'id' | 'approvedUntil'>

/** What would be granted by now, and how its task begins. */
export interface Plan {
  readonly grant: AnswerGrant & Pick<Granted, 'details' | 'mayDelegate' | 'person'>
  readonly begins: (
    how: Planning,
  ) => Promise<{ readonly held: TaskLineage; readonly guards: readonly Step[] }>
}

/** The one who waits, as they authenticated now, and for what. */
export interface Waiter {
  readonly flow: Flow
  readonly request: FrozenRequest
  readonly person: Granted['person']
  readonly brought: Omit<BroughtAgent, 'assertion'>
  readonly origin: OpeningRequest['origin']
  /** What the person answered, where they were asked. */
  readonly consent: ConsentRequest | undefined
  /** Of what they consented to, this alone counts. */
  readonly only: string | undefined
}

/** As policies name how a token comes: of a request that was put off, by how it was first made. */
export function grantOf({ flow, request }: Pick<Waiter, 'flow' | 'request'>): GrantName {
  const { way } = request
  if (way?.kind === 'sponsored') return way.by
  if (way) return 'jwt_bearer'
  return ({ deferred: 'token_exchange', ciba: 'ciba', device: 'device_code' } as const)[flow]
}

/** Who would act, the one that opens first, and whether nobody is present. */
export interface Line {
  readonly chain: readonly string[]
  readonly sponsored: boolean
}

export async function lineOf(
  parts: GrantParts,
  { brought, request: { way } }: Pick<Waiter, 'brought' | 'request'>,
): Promise<Line> {
  const own = brought.agent.id
  if (way?.kind !== 'child') return { chain: [own], sponsored: way?.kind === 'sponsored' }
  const parent = await parts.facts.task(way.ticket.task.parent)
  return { chain: [own, ...(parent?.chain ?? [])], sponsored: parent?.task.sponsored ?? false }
}

/** What the request comes to now. Reads, and writes nothing. */
export async function planOpening(
  parts: GrantParts,
  waiter: Waiter,
  people: Asking,
): Promise<Plan | Unapproved<Plan['grant']> | Missing | Refused | Problem> {
  const { way } = waiter.request
  const issuing = issuingBy(grantOf(waiter), waiter)
  const given = { issuing, ...people }
  if (way?.kind === 'sponsored') return problemOr(planSponsored(parts, waiter, way, given))
  if (way?.kind === 'child') return problemOr(planChild(parts, waiter, way, people))
  return problemOr(planForPerson(parts, waiter, way, given))
}

type Given = Asking & { readonly issuing: Issuing }

async function planForPerson(
  parts: GrantParts,
  waiter: Waiter,
  way: Extract<FrozenWay, { kind: 'asserted' }> | undefined,
  { asking = [], issuing, lifted = [] }: Given,
) {
  const { brought, consent, flow, only, person, request } = waiter
  const { agent, proof } = brought
  const issuers = [...brought.issuers]
  for (const name of way?.issuers ?? [])
    if (!issuers.some((one) => one.name === name))
      issuers.push(...(await parts.issuers.behind({ issuer: name })))
  const actors = way?.actors ?? []
  const who = { actors, agent, subject: { person }, issuers, issuing }
  const options = { only, asserted: way?.asserted, asking, lifted }
  const grant = await grantOrAsk(parts, request, who, options)
  if (grant.outcome !== 'granted') return grant
  const begins = async (how: Planning) => {
    const task = await newTask(parts, {
      ...how,
      ...{ agentId: agent.id, personId: person.id, purpose: request.purpose },
      details: grant.details,
      mayDelegate: grant.mayDelegate,
      budget: grant.budget,
      bases: grant.bases,
      keyThumbprint: proof.thumbprint,
      lifeSeconds: request.lifeSeconds,
      place: grant.place,
      // Where nothing was shown of the person, they themselves were there to answer.
      proved:
        flow === 'deferred'
          ? request.proved
          : { authTime: consent?.authTime ?? null, acr: consent?.acr ?? null },
      openedBy: way ? 'assertion' : 'exchange',
      actors,
      issuers,
    })
    return {
      held: { task, chain: [task.agentId], above: [], spaces: grant.place.spaces },
      guards: [],
    }
  }
  return { grant, begins }
}

async function planSponsored(
  parts: GrantParts,
  { brought, origin, request }: Waiter,
  { grantId }: Extract<FrozenWay, { kind: 'sponsored' }>,
  given: Given,
) {
  const sponsorship = await findSponsorGrant(parts.storage.read, grantId)
  if (!sponsorship) return refused('sponsor_grant.unknown', 'the agent has no such sponsor grant')
  const opening = { ...request, ...PRESENTED_BEFORE, origin }
  const got = await grantUnder(parts, opening, brought, { grant: sponsorship, ...given })
  if (isRefused(got) || isUnapproved(got)) return got
  const begins = async (how: Planning) => {
    const under = { brought, grant: sponsorship, got }
    const task = await taskUnder(parts, request, under, how)
    return {
      held: { task, chain: [task.agentId], above: [], spaces: got.place.spaces },
      guards: holdGrantSteps(parts.storage.read, sponsorship, task.openedAt),
    }
  }
  return { grant: got, begins }
}

/** What is needed of a request only to say who asks. */
const PRESENTED_BEFORE = {
  assertion: undefined,
  assertionType: undefined,
  proof: undefined,
  method: 'POST',
  url: '',
} as const

async function planChild(
  parts: GrantParts,
  { brought, origin, request }: Waiter,
  { ticket }: Extract<FrozenWay, { kind: 'child' }>,
  people: Asking,
) {
  const held = await parts.facts.task(ticket.task.parent)
  if (!held) return refused('token.unknown_task', 'the ticket is of no task here')
  const redeeming = { opening: { origin, resource: request.resource }, brought, ticket, held }
  const grant = await grantChild(parts, redeeming, people)
  if (isRefused(grant) || isUnapproved(grant)) return grant
  const begins = async (how: Planning) => {
    const child = await beginning(parts, redeeming, grant, how)
    return { held: child, guards: childGuards(parts, child) }
  }
  return { grant, begins }
}
