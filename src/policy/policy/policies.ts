import type { PolicySet } from '@remit/engine'
import { type Action, type Catalog, RULES } from '../../catalog/catalog/index.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { keptKeys, type Live, type LiveView } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import {
  idOf,
  invalidPolicies,
  isLink,
  policyDigest,
  positionAt,
  splitPolicies,
  templateOf,
  withTemplate,
} from '../cedar/index.ts'
import { RulesOf } from './analysis/rules-of.ts'
import { compile, loadWithWorker, type PolicyEngine } from './load.ts'
import { findSet, latestSet, type PublishedSet } from './policy-store.ts'
import { schemaFor, schemaInSteps } from './schema.ts'
import { validateInWorker } from './worker-tasks.ts'

/** Permits nothing, and makes nothing requestable. */
const NO_POLICIES: PolicySet = compile([], { version: 0, schema: schemaFor([]) })

/** Number in the place of a version: a draft decides nothing. */
const DRAFT = -1

/** Older versions held for explanations. */
const MAX_VERSIONS = 8

/** The set in force: on its way into memory, or there. */
interface ActiveSet {
  readonly epoch: number
  set: Awaitable<PolicySet>
}

const UNDER = keptKeys([RULES])

/** The published sets, loaded. One for each process. */
export class Policies {
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view'>
  readonly #catalog: Pick<Catalog, 'current'>
  readonly #engine: PolicyEngine
  #active: ActiveSet | undefined
  readonly #versions = new Map<number, Promise<PublishedSet>>()
  readonly #rules = new WeakMap<PublishedSet, RulesOf>()

  constructor(parts: {
    readonly storage: Storage
    readonly live: Pick<Live, 'view'>
    readonly catalog: Pick<Catalog, 'current'>
    /** `compiled` when absent. */
    readonly engine?: PolicyEngine
  }) {
    this.#storage = parts.storage
    this.#live = parts.live
    this.#catalog = parts.catalog
    this.#engine = parts.engine ?? 'compiled'
  }

  /**
   * The set in force, typed by the catalog as it is now. Without any published set: one that permits nothing. Throws when it cannot be
   * loaded, so that nothing is decided.
   * A decision takes its `LiveView`, with the key `RULES` in it, *before* it asks: if the rules change after that, the view no
   * longer holds.
   */
  active(): Awaitable<PolicySet> {
    const view = this.#live.view(UNDER)
    return view instanceof Promise ? view.then((read) => this.#under(read)) : this.#under(view)
  }

  #under({ states }: LiveView): Awaitable<PolicySet> {
    const epoch = states[0]?.epoch ?? 0
    const known = this.#active
    return known && known.epoch >= epoch ? known.set : this.#loadUnder(epoch)
  }

  async #loadUnder(epoch: number): Promise<PolicySet> {
    const active: ActiveSet = { epoch, set: this.#load() }
    this.#active = active
    try {
      active.set = await active.set
      return active.set
    } catch (error) {
      if (this.#active === active) this.#active = undefined
      throw error
    }
  }

  async #load(): Promise<PolicySet> {
    const published = await latestSet(this.#storage.read)
    if (!published) return NO_POLICIES
    const { actions } = await this.#catalog.current()
    const { version, text } = published
    const schema = await schemaInSteps(actions.values())
    return loadWithWorker({ version, text, schema }, this.#engine)
  }

  /** A text that is not published, ready to evaluate like the set in force. It was checked against the catalog. */
  async draft(text: string): Promise<PolicySet> {
    const { actions } = await this.#catalog.current()
    const schema = await schemaInSteps(actions.values())
    return loadWithWorker({ version: DRAFT, text, schema }, this.#engine)
  }

  /** A set as it was published; for explanations. Throws `policy.unknown_version`. */
  version(version: number): Promise<PublishedSet> {
    const known = this.#versions.get(version)
    if (known) return known
    const found = this.#find(version)
    this.#versions.set(version, found)
    found.catch(() => this.#versions.delete(version))
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= MAX_VERSIONS) break
      this.#versions.delete(oldest)
    }
    return found
  }

  /** The rules of a version, for explanations. Throws `policy.unknown_version`. */
  async rules(version: number): Promise<RulesOf> {
    const set = await this.version(version)
    const known = this.#rules.get(set)
    if (known) return known
    const made = new RulesOf(set)
    this.#rules.set(set, made)
    return made
  }

  async #find(version: number): Promise<PublishedSet> {
    const set = await findSet(this.#storage.read, version)
    if (!set) throw new Problem('policy.unknown_version', `there is no policy version ${version}`)
    return set
  }

  /** One policy as it was written (of a link, with its template), for explanations; `undefined` when the version has none of this id. */
  async text(version: number, id: string): Promise<PolicyText | undefined> {
    const { text } = await this.version(version)
    return findPolicy(text, id)
  }

  /**
   * Checks whether the active policies hold for these actions, the whole catalog as it would be;
   * `CatalogParts.revalidate`.
   * @throws Problem `policy.would_break`
   */
  async revalidate(actions: readonly Action[]): Promise<void> {
    const published = await latestSet(this.#storage.read)
    if (!published) return
    const schema = await schemaInSteps(actions)
    const { mistakes } = await validateInWorker({ text: published.text, schema })
    if (mistakes.length > 0) throw invalidPolicies(mistakes, 'policy.would_break')
  }
}

export interface PolicyText {
  readonly id: string
  readonly text: string
  /** Line where it begins, from 1. */
  readonly line: number
  readonly digest: string
}

export function findPolicy(text: string, id: string): PolicyText | undefined {
  const pieces = splitPolicies(text)
  const policyNamed = (wanted: string | undefined) =>
    pieces.find((each) => wanted !== undefined && idOf(each.text) === wanted)
  const piece = policyNamed(id)
  if (!piece) return undefined
  const template = isLink(piece.text) ? policyNamed(templateOf(piece.text)) : undefined
  const whole = template ? withTemplate(template.text, piece.text) : piece.text
  const { line } = positionAt(text, (template ?? piece).start)
  return { id, text: whole, line, digest: policyDigest(whole) }
}
