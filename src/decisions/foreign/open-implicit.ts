import type { Detail } from '@remit/engine'
import {
  claimAt,
  identifyClient,
  type TrustedIssuer,
  type Vouched,
  vouchedFor,
} from '../../agents/index.ts'
import { detailsForScope } from '../../catalog/index.ts'
import { rememberedUntil } from '../../keys/index.ts'
import { Problem } from '../../lib/problem.ts'
import { meetPerson, type Person } from '../../people/index.ts'
import {
  basesFor,
  basisLimits,
  FOREIGN_STEP,
  foreignTokenStep,
  openSteps,
} from '../../tasks/index.ts'
import type { Call } from '../call.ts'
import { issuedWithin } from '../issuance/gate.ts'
import { authorityWithin } from '../opening/authority.ts'
import { refusedBy } from '../opening/begin.ts'
import { enter, standsOn } from '../opening/grant.ts'
import { newTask } from '../opening/new-task.ts'
import { detailsAt, isRefused } from '../opening/wanted.ts'
import type { DecisionParts } from '../parts.ts'
import { type Behind, readBehind } from './actors.ts'

/**
 * Opens the one task of an access token of another server (contract 5.6): for the person that it names, by the agent that its client
 * is, for what its scopes mean in the catalog, within everything that limits a task here, until it expires. What its server asked the
 * person stands for a consent, because an administrator said so when trusting it.
 * @throws Problem `token.…`, `issuer.…`, `person.…`, `agent.…`, `task.…`
 */
export async function openImplicit(
  parts: DecisionParts,
  vouched: Vouched,
  shown: {
    /** `undefined`: it is bound to no key. */
    readonly thumbprint: string | undefined
    readonly resource: string
    readonly origin: Call['origin'] | undefined
  },
): Promise<void> {
  const agent = await identifyClient(parts, vouched)
  const behind = await readBehind(parts, vouched, agent)
  const issuers = await resting(parts, vouched, agent, behind)
  const person = await personOf(parts, vouched)
  const here = await enter(parts, {}, { person, agent, issuers, sponsored: false })
  if (isRefused(here)) throw new Problem(here.reason, here.detail)
  const catalog = await parts.catalog.current()
  const { kindOf } = catalog
  const calls = asked(vouched, detailsOf(catalog, vouched.claims.scope), shown.resource)
  const limited = vouchedFor(agent, issuers, kindOf)
  const now = parts.clock.now()
  const bases = (
    await basesFor(parts.storage.read, { personId: person.id, agentId: agent.id, now })
  ).filter(({ kind }) => kind === 'admin')
  const limits = { bases: [calls, ...basisLimits(bases)] }
  const whole = authorityWithin({ calls, delegates: undefined }, limited, limits, kindOf)
  const openers = {
    ...{ person, agents: [limited], sponsored: false, where: here.where },
    ...{ purpose: purposeOf(vouched), views: here.views, actors: behind.actors },
  }
  const issuing = {
    grant: 'token_exchange' as const,
    bound: shown.thumbprint !== undefined,
    origin: shown.origin ?? { ip: '' },
  }
  const got =
    whole.details.length === 0
      ? whole
      : await issuedWithin(parts, openers, issuing, { catalog, got: whole })
  if (isRefused(got)) throw new Problem(got.reason, got.detail)
  if (got.details.length === 0)
    throw new Problem('task.beyond_ceiling', 'nothing that the token is for may be given here')
  const task = await newTask(parts, {
    ...{ agentId: agent.id, personId: person.id, purpose: purposeOf(vouched), budget: [] },
    details: got.details,
    // There is no task token to hand anything on with.
    mayDelegate: [],
    keyThumbprint: shown.thumbprint ?? null,
    openedBy: 'token',
    issuers,
    actors: behind.actors,
    bases: standsOn({ details: got.details, mayDelegate: [] }, bases, kindOf),
    lifeSeconds: Math.max(1, Math.floor(vouched.claims.exp - now / 1000)),
    place: here.place,
  })
  const { read } = parts.storage
  const expiresAt = rememberedUntil(vouched.claims.exp * 1000)
  const done = await parts.storage.commit([
    foreignTokenStep(read, { digest: vouched.digest, taskId: task.id, expiresAt }),
    ...openSteps(parts, task, { chain: [task.agentId], origin: shown.origin }),
  ])
  // Another request of the same token was first: its task is the one.
  if (done.committed || done.failed === FOREIGN_STEP) return
  const why = refusedBy(done.failed)
  throw new Problem(why.reason, why.detail)
}

async function resting(
  parts: Pick<DecisionParts, 'issuers'>,
  { issuer }: Vouched,
  agent: Parameters<DecisionParts['issuers']['behind']>[0],
  behind: Behind,
): Promise<readonly TrustedIssuer[]> {
  const all = [issuer, ...behind.issuers, ...(await parts.issuers.behind(agent))]
  return [...new Map(all.map((each) => [each.name, each])).values()]
}

/** INVARIANT: whom a token is for is said by the claim that was configured, as a person of the provider that was configured. */
async function personOf(parts: DecisionParts, { claims, issuer }: Vouched): Promise<Person> {
  const { access } = issuer
  if (!access) throw new Problem('issuer.not_trusted', 'its access tokens are not accepted')
  // RFC 9068 section 2.2: a client that asked for itself is its own subject.
  if (claims.sub === (claims.client_id ?? claims.azp))
    throw new Problem('token.malformed', 'the token is for nobody: its subject is its client')
  const said = claimAt(claims, access.subject)
  return meetPerson(parts, { provider: access.provider, said }, claims.iat)
}

/** One that is for one resource opens nothing at any other. */
function asked(
  { issuer }: Vouched,
  details: readonly Detail[],
  resource: string,
): readonly Detail[] {
  return issuer.audience === null ? detailsAt(details, resource) : details
}

function detailsOf(
  catalog: Parameters<typeof detailsForScope>[0],
  scope: unknown,
): readonly Detail[] {
  const names = typeof scope === 'string' ? scope.split(' ') : []
  const known = names.filter((name) => catalog.actions.has(name))
  const read = detailsForScope(catalog, known.join(' '))
  return known.length > 0 && read.ok ? read.details : []
}

/** In our words: a token says no purpose. */
function purposeOf({ issuer }: Vouched): string {
  return `access by a token of ${issuer.name}`
}
