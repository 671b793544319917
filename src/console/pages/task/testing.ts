import { findAgent } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { base64url } from '../../../platform/lib/bytes.ts'
import { newId } from '../../../platform/lib/id.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { Reader, Step } from '../../../platform/storage/index.ts'
import type { Sponsorship } from '../../../tasks/sponsorship/grant-sponsorship.ts'
import {
  findSponsorGrant,
  grantSponsorship,
  holdGrantSteps,
  type SponsorGrant,
} from '../../../tasks/sponsorship/index.ts'
import { ancestorsOf, joinTreeSteps, openSteps, type Task } from '../../../tasks/tasks/index.ts'
import { detail, type TestPages } from '../testing.ts'

export async function openedTask(
  { parts, clock }: TestPages,
  person: Pick<Person, 'id'>,
  over: Partial<Task> = {},
): Promise<Task> {
  const id = newId('task', systemRandom)
  const task: Task = {
    id,
    rootId: id,
    parentId: null,
    personId: person.id,
    agentId: 'refund-bot',
    purpose: 'refund order 1042 <i>now</i>',
    details: [detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' })],
    mayDelegate: [],
    bases: [],
    spaceId: null,
    threadId: null,
    authTime: null,
    acr: null,
    keyThumbprint: base64url(systemRandom.bytes(32)),
    openedBy: 'exchange',
    sponsored: false,
    sponsorGrantId: null,
    issuers: [],
    actors: [],
    budget: [],
    idleMs: null,
    state: 'open',
    openedAt: clock.now(),
    deadline: clock.now() + HOUR,
    closedAt: null,
    closeReason: null,
    ...over,
  }
  const guards = await guardsOf(parts.decisions.storage.read, task)
  const done = await parts.decisions.storage.commit(openSteps(parts.decisions, task, {}, guards))
  if (!done.committed) throw new Error(`not opened: ${done.failed.name}`)
  return task
}

/** A task of another agent below this one. */
export async function openedChild(
  pages: TestPages,
  parent: Task,
  over: Partial<Task> = {},
): Promise<Task> {
  const { bases, personId, rootId, sponsorGrantId, sponsored } = parent
  return openedTask(
    pages,
    { id: personId },
    {
      ...{ bases, rootId, sponsored, sponsorGrantId },
      parentId: parent.id,
      openedBy: 'child',
      ...over,
    },
  )
}

/** Guards of what the task is under, as an opening has them. */
async function guardsOf(read: Reader, task: Task): Promise<readonly Step[]> {
  const { parentId, sponsorGrantId } = task
  if (parentId !== null) {
    const line = (await ancestorsOf(read, task)).map(({ id }) => id)
    return joinTreeSteps(read, { ...task, parentId }, line)
  }
  const grant = sponsorGrantId === null ? undefined : await findSponsorGrant(read, sponsorGrantId)
  return grant ? holdGrantSteps(read, grant, task.openedAt) : []
}

/** This person lets `refund-bot` read orders while no person is present. */
export async function sponsoredBy(
  { parts, clock }: TestPages,
  sponsor: Person,
  over: Partial<Sponsorship> = {},
): Promise<SponsorGrant> {
  const { storage, catalog } = parts.decisions
  const agent = await findAgent(storage.read, 'refund-bot')
  if (!agent) throw new Error('there is no refund-bot')
  return grantSponsorship(
    parts.decisions,
    {
      agent,
      sponsor,
      purpose: 'count <b>nightly</b>',
      details: [detail('orders.read')],
      rate: { tasks: 2, seconds: 3600 },
      expiresAt: clock.now() + 30 * 24 * HOUR,
      ...over,
    },
    (await catalog.current()).kindOf,
  )
}
