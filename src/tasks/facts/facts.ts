import type { GateResult } from '@remit/engine'
import { type Catalog, RULES } from '../../catalog/catalog/index.ts'
import { type Agent, findAgent } from '../../identity/agents/index.ts'
import {
  type IssuerTrust,
  type TrustedIssuer,
  trustWithinIssuers,
} from '../../identity/issuers/index.ts'
import { type BearerToken, findBearerToken } from '../../identity/opaque-tokens/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import {
  keptKeys,
  type Live,
  type LiveKey,
  type LiveView,
} from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import {
  LIMITS,
  type LimitSubject,
  limitsOn,
  type StandingLimit,
  subjectsOf,
} from '../budgets/index.ts'
import { RecordedSettings } from '../decision-log/index.ts'
import { findForeignTask, findTask, type Task, type TaskLineage, TaskUses } from '../tasks/index.ts'
import { FRESH_FOR, type FreshnessLimits, isStale, stale } from './fresh.ts'
import { alsoKeys, certifiedAt, keysOfCall } from './liveness.ts'
import { type CallParties, type SettingParts, throughGroup, untrustedIssuer } from './parties.ts'
import { type KeptSetting, makeSetting, type Setting } from './setting.ts'
import { intersecting, type SpaceContext, spaceDenial } from './space-context.ts'
import { epochIn, Locator } from './space-context-cache.ts'

/**
 * Limits that were set for those who take part in a task, and the live state that says whether
 * these are still all limits.
 */
export interface ApplicableLimits {
  readonly limits: readonly StandingLimit[]
  readonly view: LiveView
}

const UNDER = keptKeys([LIMITS])
/** Resources of one task that are kept. */
const MAX_RESOURCES = 16
const MAX_TASKS = 50_000
const MAX_OTHERS = 20_000

/**
 * Facts that calls look up, kept per epoch: a call of a task that was seen before reads no
 * database.
 * INVARIANT: a view is read first and facts after it, so facts kept for an epoch are never older
 * than the epoch; whether the epoch is still the newest is asked again (`Live.holds`) before
 * anything is sent.
 */
export class Facts {
  /** Settings that are in the books already, so that each is written once. */
  readonly recorded = new RecordedSettings()
  readonly uses: TaskUses
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view' | 'viewAtHand'>
  readonly #catalog: Pick<Catalog, 'current'>
  readonly #tasks = new LruCache<TaskLineage>(MAX_TASKS)
  readonly #bearers = new LruCache<BearerToken>(MAX_OTHERS)
  readonly #foreign = new LruCache<Id<'task'>>(MAX_OTHERS)
  readonly #people = new LruCache<Person>(MAX_OTHERS)
  readonly #agents = new LruCache<Agent>(MAX_OTHERS)
  readonly #settings = new LruCache<KeptSetting>(MAX_OTHERS)
  readonly #limits = new LruCache<readonly StandingLimit[]>(MAX_OTHERS)
  /** Findings about a task that is kept, under the views that it was found under. */
  readonly #parties = new WeakMap<TaskLineage, Map<string, CallParties>>()
  readonly #applicable = new WeakMap<TaskLineage, ApplicableLimits>()
  readonly #confirmed = new LruCache<Pick<Person, 'confirmedAt'>>(MAX_OTHERS)
  readonly #issuers: Pick<IssuerTrust, 'named'>
  readonly #locator: Locator
  readonly #freshFor: FreshnessLimits

  constructor(parts: {
    readonly storage: Storage
    readonly live: Pick<Live, 'view' | 'viewAtHand'>
    readonly catalog: Pick<Catalog, 'current'>
    readonly issuers: Pick<IssuerTrust, 'named'>
    readonly freshFor?: FreshnessLimits
  }) {
    this.#storage = parts.storage
    this.uses = new TaskUses(parts.storage)
    this.#live = parts.live
    this.#catalog = parts.catalog
    this.#issuers = parts.issuers
    this.#locator = new Locator(parts)
    this.#freshFor = parts.freshFor ?? FRESH_FOR
  }

  /** Finds a task. Only what never changes about it may be used of the answer: not its state. */
  task(id: string): Awaitable<TaskLineage | undefined> {
    return this.#tasks.find(id, 'fixed', () => this.#readTask(id))
  }

  async #readTask(id: string): Promise<TaskLineage | undefined> {
    const task = await findTask(this.#storage.read, id)
    if (!task) return undefined
    const parent = task.parentId === null ? undefined : await this.task(task.parentId)
    const chain = [task.agentId, ...(parent?.chain ?? [])]
    const above = parent ? [parent.task, ...parent.above] : []
    const spaces = await this.#locator.line(task.spaceId)
    return { task, chain, above, spaces }
  }

  /** Answers `callKeys` of a call of a task: the same list each time, so that its view is found by it. */
  keysOf(...call: Parameters<typeof keysOfCall>): readonly LiveKey[] {
    return keysOfCall(...call)
  }

  /**
   * `view`: of `callKeys` for this task and resource, or for a group that the resource is called
   * through, all active. `at`: the moment that is asked about.
   */
  async setting(held: TaskLineage, resource: string, view: LiveView, at: number): Promise<Setting> {
    const found = this.#partiesOf(held, resource, view)
    const parties = found instanceof Promise ? await found : found
    const { agents, keys, owners, person } = parties
    const around = this.whereabouts(held, view, { keys, at })
    const { also, where } = around instanceof Promise ? await around : around
    const { chain, task } = held
    const stale = () => this.stale(task, { person, where, at })
    const inTheWay =
      untrustedIssuer(parties.issuers, at) ??
      certifiedAt(agents, at) ??
      spaceDenial(where, task, { agents: chain, at }) ??
      stale()
    const about = { also, inTheWay: inTheWay instanceof Promise ? await inTheWay : inTheWay, where }
    // Where a task is in no space, all of it follows from the two views.
    if (!where && parties.made?.also === also) return { ...parties.made.setting, ...about }
    const setting = await this.#settingOf(held, resource, { view, also, agents, owners, where })
    if (!where) parties.made = { also, setting }
    return { ...setting, ...about }
  }

  /** Finds who takes part in a task at a resource, and the keys of what else that rests on. */
  #partiesOf(held: TaskLineage, resource: string, view: LiveView): Awaitable<CallParties> {
    const kept = this.#parties.get(held)?.get(resource)
    return kept?.view === view ? kept : this.#findParties(held, resource, view)
  }

  async #findParties(held: TaskLineage, resource: string, view: LiveView): Promise<CallParties> {
    const issuers = await this.#issuersOf(held.task)
    const agents: Agent[] = []
    for (const id of held.chain)
      agents.push(trustWithinIssuers(await this.agent(id, view), issuers))
    const owners = agents.map(({ ownerId }) => ownerId)
    const person = await this.person(held.task.personId, view)
    // INVARIANT: the called resource is watched, also where the token is for a group of it.
    const keys = keptKeys([...alsoKeys(owners, []), ...throughGroup(view, resource)])
    const parties: CallParties = { view, agents, issuers, keys, owners, person, made: undefined }
    // INVARIANT: facts about issuers of others are watched by a key beside the view, so it is looked up each time.
    if (held.task.issuers.length > 0) return parties
    const before = this.#parties.get(held)
    if (!before || before.size >= MAX_RESOURCES)
      this.#parties.set(held, new Map([[resource, parties]]))
    else before.set(resource, parties)
    return parties
  }

  #settingOf(held: TaskLineage, resource: string, around: SettingParts): Awaitable<KeptSetting> {
    const { also, view } = around
    const key = `${held.task.id} ${resource}`
    const mark = `${view.hash} ${also.hash} ${apartFromHash(also)}`
    return this.#settings.find(key, mark, () => this.#make(held, resource, around))
  }

  /**
   * Finds where a task is at work, and a view of `keys` and of what that rests on beyond `view`.
   */
  whereabouts(
    held: Pick<TaskLineage, 'spaces'> & { readonly task: Pick<Task, 'threadId'> },
    view: LiveView,
    around: { readonly keys: readonly LiveKey[]; readonly at: number },
  ): Awaitable<{ where: SpaceContext | undefined; also: LiveView }> {
    if (held.spaces.length > 0) return this.#inSpaces(held, view, around)
    const nowhere = (also: LiveView) => ({ where: undefined, also })
    const also = this.#live.view(around.keys)
    return also instanceof Promise ? also.then(nowhere) : nowhere(also)
  }

  async #inSpaces(
    { spaces, task }: Pick<TaskLineage, 'spaces'> & { readonly task: Pick<Task, 'threadId'> },
    view: LiveView,
    { at, keys }: { readonly keys: readonly LiveKey[]; readonly at: number },
  ): Promise<{ where: SpaceContext | undefined; also: LiveView }> {
    const line = await this.#locator.spaces(spaces, view)
    if (task.threadId === null)
      return { where: { line, conversation: undefined }, also: await this.#live.view(keys) }
    const { also, thread } = await this.#locator.thread(task.threadId, keys)
    const surface = await this.#locator.surface(thread.surfaceId, at)
    const participants: Person[] = []
    // A participant who is not active stops the call before anything looks at them.
    for (const id of thread.participantIds) participants.push(await this.person(id, also))
    return { where: { line, conversation: { thread, surface, participants } }, also }
  }

  /**
   * Tells whether the facts about a person that a call rests on are too old. Their confirmation
   * raises no epoch, or every sign-in would cut running calls: facts that look too old are read again.
   */
  stale(
    { sponsored }: Pick<Task, 'sponsored'>,
    on: {
      readonly person: Person
      readonly where: SpaceContext | undefined
      readonly at: number
    },
  ): Awaitable<GateResult | undefined> {
    const { absent, present } = this.#freshFor
    const within = sponsored ? absent : present
    const { at, person, where } = on
    // No one else takes part, and the person is as they were found: most calls.
    if (!where && !this.#looksStale(person, at, within)) return undefined
    return this.#anyStale(on, sponsored ? 'sponsor' : 'person', within)
  }

  async #anyStale(
    { at, person, where }: Parameters<Facts['stale']>[1],
    who: 'sponsor' | 'person',
    within: number,
  ): Promise<GateResult | undefined> {
    const { absent } = this.#freshFor
    if (await this.#isStale(person, at, within)) return stale(who)
    for (const each of intersecting(where))
      if (each.id !== person.id && (await this.#isStale(each, at, absent)))
        return stale('participant')
    return undefined
  }

  /** Tells whether a person who is not there with a sign-in was confirmed by the provider too long ago. */
  isOutOfDate(person: Person, at: number): Promise<boolean> {
    return this.#isStale(person, at, this.#freshFor.absent)
  }

  async #isStale(person: Person, at: number, mostMs: number): Promise<boolean> {
    if (!this.#looksStale(person, at, mostMs)) return false
    const now = await findPerson(this.#storage.read, person.id)
    if (now) this.#confirmed.put(person.id, 'latest', { confirmedAt: now.confirmedAt })
    return !now || isStale(now, at, mostMs)
  }

  #looksStale(person: Person, at: number, mostMs: number): boolean {
    return isStale(this.#confirmed.get(person.id, 'latest') ?? person, at, mostMs)
  }

  line(spaceId: string | null): Promise<readonly string[]> {
    return this.#locator.line(spaceId)
  }

  /** Tells whether a surface may still say who is there, for calls under way. Never waits. */
  isHeard(surfaceId: string, at: number): boolean {
    return this.#locator.isHeard(surfaceId, at)
  }

  /** The standing limits that a task's calls fall under. Kept: a task without limits costs no read. */
  limits(held: TaskLineage): Awaitable<ApplicableLimits> {
    const view = this.#live.viewAtHand(UNDER)
    const kept = this.#applicable.get(held)
    return kept && kept.view === view ? kept : this.#findLimits(held)
  }

  async #findLimits(held: TaskLineage): Promise<ApplicableLimits> {
    const { chain, spaces, task } = held
    const subjects = subjectsOf({ personId: task.personId, agents: chain, spaces })
    const found = await this.limitsOn(subjects)
    this.#applicable.set(held, found)
    return found
  }

  async limitsOn(subjects: readonly LimitSubject[]): Promise<ApplicableLimits> {
    const view = await this.#live.view(UNDER)
    const key = subjects.map(({ id, kind }) => `${kind} ${id}`).join(' ')
    const epoch = epochIn(view, LIMITS.kind, LIMITS.id)
    const limits = await this.#limits.find(key, epoch, () => limitsOn(this.#storage.read, subjects))
    return { limits, view }
  }

  /** Finds a bearer token as it was issued. Whether it still counts is live state. */
  bearer(digest: string): Awaitable<BearerToken | undefined> {
    return this.#bearers.find(digest, 'fixed', () => findBearerToken(this.#storage.read, digest))
  }

  /** The task that a token of another server opened, once it has. */
  foreign(digest: string): Awaitable<Id<'task'> | undefined> {
    return this.#foreign.find(digest, 'fixed', () => findForeignTask(this.#storage.read, digest))
  }

  agent(id: string, view: LiveView): Awaitable<Agent> {
    return this.#agents.find(id, epochIn(view, 'agent', id), async () => {
      const agent = await findAgent(this.#storage.read, id)
      if (!agent) throw new Error(`agent ${id} is alive and has no row`)
      return agent
    })
  }

  person(id: string, view: LiveView): Awaitable<Person> {
    return this.#people.find(id, epochIn(view, 'person', id), async () => {
      const person = await findPerson(this.#storage.read, id)
      if (!person) throw new Error(`person ${id} is alive and has no row`)
      return person
    })
  }

  /** Finds the issuers as they are now: their epochs are among the task's. */
  async #issuersOf({ issuers }: Pick<Task, 'issuers'>): Promise<TrustedIssuer[]> {
    const found = await Promise.all(issuers.map((name) => this.#issuers.named(name)))
    return found.filter((issuer) => issuer !== undefined)
  }

  async #make(
    { task, above }: TaskLineage,
    resource: string,
    around: SettingParts,
  ): Promise<KeptSetting> {
    const { view, also, agents, owners, where } = around
    const person = await this.person(task.personId, view)
    // An owner who is not alive stops the call before policies look at it.
    const alive = owners.filter((id) => !also.dead.some((state) => state.id === id))
    const there = where?.conversation?.participants ?? []
    const others = there.filter(({ id }) => id !== person.id)
    for (const id of new Set(alive)) others.push(await this.person(id, also))
    const { kindOf } = await this.#catalog.current()
    const issuers = await this.#issuersOf(task)
    return makeSetting({ task, above }, resource, {
      ...{ agents, issuers, kindOf, others, person, where },
    })
  }
}

/**
 * Writes the epochs that the hash of a token does not hold: those of rules, and of threads with
 * their surfaces.
 */
function apartFromHash({ states }: LiveView): string {
  return states
    .filter(({ kind }) => kind === RULES.kind || kind === 'thread' || kind === 'client')
    .map(({ epoch, id, kind }) => `${kind}:${id}:${epoch}`)
    .join(' ')
}
