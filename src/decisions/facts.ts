import { type Detail, intersect, type PolicyEntity } from '@remit/engine'
import { type Agent, findAgent } from '../agents/index.ts'
import { type Catalog, RULES } from '../catalog/index.ts'
import { Kept } from '../lib/kept.ts'
import type { Live, LiveKind, LiveView } from '../live/index.ts'
import { findPerson, type Person } from '../people/index.ts'
import type { Storage } from '../storage/index.ts'
import { findTask, type Task } from '../tasks/index.ts'
import { type BearerToken, findBearerToken } from '../tokens/index.ts'
import { agentEntity, groupEntities, personEntity, resourceEntity } from './entities.ts'
import { alsoKeys } from './liveness.ts'
import { mayHandOn } from './opening/authority.ts'
import { RecordedSettings } from './recorded/setting.ts'

/** A task and the agents that stand behind it, the one that acts first. Fixed when it opens. */
export interface HeldTask {
  readonly task: Task
  readonly chain: readonly string[]
  /** The tasks above, nearest first. */
  readonly above: readonly Task[]
}

/** Everything around the calls of one task at one resource, as of two views. */
export interface Setting {
  readonly person: Person
  /** In the order of the chain. */
  readonly agents: readonly Agent[]
  /** What was granted, within what the agent may be given by now, and what those above may hand on. */
  readonly details: readonly Detail[]
  readonly personEntity: PolicyEntity
  readonly agentEntities: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
  /** Live state beyond what the token's epochs speak of. */
  readonly also: LiveView
}

const MOST_TASKS = 50_000
const MOST_OTHERS = 20_000

/**
 * What calls look up, kept per epoch: a call of a task that was seen before reads no database.
 * INVARIANT: a view is read first and facts after it, so what is kept for an epoch is never older than the epoch;
 * whether the epoch is still the newest is asked again (`Live.holds`) before anything is sent.
 */
export class Facts {
  /** What of it stands in the books, so that it is written once. */
  readonly recorded = new RecordedSettings()
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view'>
  readonly #catalog: Pick<Catalog, 'current'>
  readonly #tasks = new Kept<HeldTask>(MOST_TASKS)
  readonly #bearers = new Kept<BearerToken>(MOST_OTHERS)
  readonly #people = new Kept<Person>(MOST_OTHERS)
  readonly #agents = new Kept<Agent>(MOST_OTHERS)
  readonly #settings = new Kept<Omit<Setting, 'also'>>(MOST_OTHERS)

  constructor(parts: {
    readonly storage: Storage
    readonly live: Pick<Live, 'view'>
    readonly catalog: Pick<Catalog, 'current'>
  }) {
    this.#storage = parts.storage
    this.#live = parts.live
    this.#catalog = parts.catalog
  }

  /** Only what never changes about a task may be used of the answer: not its state. */
  async task(id: string): Promise<HeldTask | undefined> {
    const kept = this.#tasks.get(id, 'fixed')
    if (kept) return kept
    const task = await findTask(this.#storage.read, id)
    if (!task) return undefined
    const parent = task.parentId === null ? undefined : await this.task(task.parentId)
    const chain = [task.agentId, ...(parent?.chain ?? [])]
    const above = parent ? [parent.task, ...parent.above] : []
    return this.#tasks.put(id, 'fixed', { task, chain, above })
  }

  /** `view`: of `callKeys` for this task and resource, all active. */
  async setting(held: HeldTask, resource: string, view: LiveView): Promise<Setting> {
    const agents: Agent[] = []
    for (const id of held.chain) agents.push(await this.agent(id, view))
    const owners = agents.map(({ ownerId }) => ownerId)
    const also = await this.#live.view(alsoKeys(owners, []))
    const rules = epochOf(also, RULES.kind, RULES.id)
    const key = `${held.task.id} ${resource}`
    const mark = `${view.hash} ${also.hash} ${rules}`
    const kept = this.#settings.get(key, mark)
    if (kept) return { ...kept, also }
    const made = await this.#make(held, resource, { view, also, agents, owners })
    return { ...this.#settings.put(key, mark, made), also }
  }

  /** As it was issued. Whether it still counts is live state. */
  async bearer(digest: string): Promise<BearerToken | undefined> {
    const kept = this.#bearers.get(digest, 'fixed')
    if (kept) return kept
    const token = await findBearerToken(this.#storage.read, digest)
    return token && this.#bearers.put(digest, 'fixed', token)
  }

  async agent(id: string, view: LiveView): Promise<Agent> {
    const epoch = epochOf(view, 'agent', id)
    const kept = this.#agents.get(id, epoch)
    if (kept) return kept
    const agent = await findAgent(this.#storage.read, id)
    if (!agent) throw new Error(`agent ${id} is alive and has no row`)
    return this.#agents.put(id, epoch, agent)
  }

  async person(id: string, view: LiveView): Promise<Person> {
    const epoch = epochOf(view, 'person', id)
    const kept = this.#people.get(id, epoch)
    if (kept) return kept
    const person = await findPerson(this.#storage.read, id)
    if (!person) throw new Error(`person ${id} is alive and has no row`)
    return this.#people.put(id, epoch, person)
  }

  async #make(
    { task, above }: HeldTask,
    resource: string,
    around: { view: LiveView; also: LiveView; agents: readonly Agent[]; owners: readonly string[] },
  ): Promise<Omit<Setting, 'also'>> {
    const { view, also, agents, owners } = around
    const person = await this.person(task.personId, view)
    // An owner who is not alive stops the call before policies look at it.
    const alive = owners.filter((id) => !also.dead.some((state) => state.id === id))
    const people = [person]
    for (const id of new Set(alive)) people.push(await this.person(id, also))
    const ceiling = agents[0]?.ceiling ?? []
    const { kindOf } = await this.#catalog.current()
    const within = intersect(task.details, ceiling, kindOf)
    return {
      person,
      agents,
      // INVARIANT: a ceiling that was lowered after the task had opened counts at once, as does what an agent above may
      // hand on by now.
      details:
        above.length === 0
          ? within
          : intersect(within, mayHandOn(above, agents.slice(1), kindOf), kindOf),
      personEntity: personEntity(person),
      agentEntities: agents.map(agentEntity),
      entities: [
        ...people.slice(1).map(personEntity),
        ...groupEntities(people),
        resourceEntity(resource),
      ],
    }
  }
}

function epochOf(view: LiveView, kind: LiveKind, id: string): number {
  const state = view.states.find((each) => each.kind === kind && each.id === id)
  if (!state) throw new Error(`${kind} ${id} is not in the view`)
  return state.epoch
}
