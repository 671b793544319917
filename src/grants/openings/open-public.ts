import { type Agent, findPublicClient } from '../../agents/index.ts'
import { problemOr } from '../../facts/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Subject } from '../../people/index.ts'
import type { Task } from '../../tasks/index.ts'
import type { Proof } from '../../tokens/index.ts'
import { type AssertedOpening, type Opened, type Refused, refused } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { begin, refusedBy } from '../pipeline/begin.ts'
import { readProof } from '../pipeline/credentials.ts'
import { type Granted, grantOpening } from '../pipeline/grant.ts'
import { newTask } from '../pipeline/new-task.ts'
import { type Attempt, refuseOpening } from '../pipeline/refuse.ts'
import { issuingBy } from '../token-policy/issuing.ts'
import { detailsAt, isRefused } from '../wanted.ts'
import { answerOpening } from './answer.ts'
import { continueAsserted, SPENT } from './continue-asserted.ts'
import { LONG_SECONDS } from './open-asserted.ts'
import { meetSubject, type ReadAssertion, readAssertion } from './read-assertion.ts'

/** By a client that proves nothing of itself: it says who it is. */
export interface PublicOpening extends Omit<AssertedOpening, 'use' | 'clientId'> {
  readonly clientId: string
}

interface BroughtPublic {
  readonly agent: Agent
  /** The client may have a key of the moment all the same. */
  readonly proof: Proof | undefined
  readonly issuers: readonly []
  readonly assertion: undefined
}

/**
 * Redeems an identity assertion for a public client (MCP Enterprise-Managed Authorization): one token for one resource, nothing to get
 * another with, bound to a key only if the client proves one (contract 4, "Bearer"). Nobody is asked.
 */
export async function openPublic(
  parts: GrantParts,
  asked: PublicOpening,
): Promise<Opened | Refused> {
  const read = await readProof(parts, asked)
  const proof = read instanceof Problem ? undefined : read
  const found =
    read instanceof Problem ? read : await problemOr(findPublicClient(parts, asked.clientId))
  const attempt: Attempt = { type: 'task.refused', proof, about: {}, ip: asked.origin.ip }
  if (found instanceof Problem) return refuse(parts, attempt, found)
  const shown = { agent: found, proof, issuers: [] as const, assertion: undefined }
  const said = await problemOr(readAssertion(parts, { ...asked, use: 'id_jag' }, shown))
  if (said instanceof Problem) return refuse(parts, attempt, said)
  const { brought, newcomer } = said
  // Not before: until then it is nobody's word but the client's own.
  const person = newcomer ? {} : { person: brought.subject.person.id }
  const known = { ...attempt, about: { agent: found.id, ...person } }
  const ready = await problemOr(prepare(parts, asked, said))
  if (ready instanceof Problem) return refuse(parts, known, ready)
  if (ready === SPENT) return SPENT
  if (isRefused(ready)) return refuseOpening(parts, known, ready)
  if ('token' in ready) return ready
  const { grant, resource, subject, task } = ready
  const chain = [task.agentId]
  const failed = await begin(parts, task, {
    brought,
    also: { ...subject, kind: 'subject_token' },
    record: { chain, origin: asked.origin },
  })
  if (failed !== undefined) return refuseOpening(parts, known, refusedBy(failed))
  const held = { task, chain, above: [], spaces: grant.place.spaces }
  return answerOpening(parts, { resource, scope: asked.scope }, held, grant)
}

function refuse(parts: GrantParts, attempt: Attempt, { code, detail }: Problem): Promise<Refused> {
  return refuseOpening(parts, attempt, refused(code, detail))
}

/** What is to be opened. */
interface Ready {
  readonly task: Task
  readonly grant: Granted
  readonly resource: string
  readonly subject: Subject
}

async function prepare(
  parts: GrantParts,
  asked: PublicOpening,
  shown: ReadAssertion<BroughtPublic>,
): Promise<Ready | Opened | Refused> {
  const resource = await resourceOf(parts, shown)
  const said = await meetSubject(parts, { ...asked, use: 'id_jag' }, shown)
  const { actors, agent, issuers, proof, subject } = said.brought
  const { details, purpose } = said.asserted
  const going = await continueAsserted(parts, { asked, said, resource })
  if (going) return going
  const lifeSeconds = asked.lifeSeconds ?? LONG_SECONDS
  const wanted = { ...asked, details, purpose, lifeSeconds, scope: undefined }
  const bound = proof !== undefined
  const issuing = { ...issuingBy('jwt_bearer', asked), bound }
  const who = { actors, agent, subject, issuers, issuing }
  const grant = await grantOpening(parts, wanted, who, { asserted: said.basis })
  if (grant.outcome === 'refused') return grant
  if (grant.outcome === 'needs_consent')
    return refused('grant.not_accepted', 'its issuer does not say what this client may do')
  if (detailsAt(grant.details, resource).length === 0)
    return refused('task.resource_not_granted', 'nothing was granted at this resource')
  const task = await newTask(parts, {
    ...{ agentId: agent.id, personId: subject.person.id, purpose, issuers, actors, lifeSeconds },
    ...{ details: grant.details, budget: grant.budget, bases: grant.bases, place: grant.place },
    // There is no task token to hand anything on with.
    mayDelegate: [],
    keyThumbprint: proof?.thumbprint ?? null,
    proved: subject,
    openedBy: 'assertion',
  })
  return { task, grant, resource, subject }
}

/**
 * INVARIANT: whoever finds an assertion could be a client that proves nothing. So its issuer has to be one whose tokens count without a
 * key, or the assertion is for the key that was proved; and a token that proves nothing is for MCP servers only.
 */
async function resourceOf(
  { catalog, fapi2 }: GrantParts,
  { asserted, bound, brought, issuer }: ReadAssertion<BroughtPublic>,
): Promise<string> {
  if (!bound && !issuer.bearer)
    throw new Problem('agent.unauthenticated', 'the client authenticates with its key')
  const { resource } = asserted
  if (resource === undefined)
    throw new Problem('resource.unknown', 'name the one `resource` that a token is wanted for')
  const { byIdentifier } = await catalog.current()
  // By the profile a second lock: `public-client.ts` knows no client without a key.
  if (!brought.proof && (fapi2 || byIdentifier.get(resource)?.protocol !== 'mcp'))
    throw new Problem('proof.missing', 'this resource takes bound tokens only: send a DPoP proof')
  return resource
}
