import type { ArgumentKind, CallFacts, PolicyEntity, PolicyRecord } from '@remit/engine'
import { domainHash } from '../../platform/lib/canonical-json.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'

/**
 * Facts that the decisions of a task at one resource share, and often those of many tasks. Stored
 * once, by their digest.
 */
export type SettingFacts = Pick<CallFacts, (typeof SHARED)[number]> & {
  readonly location: string
  readonly narrowed?: CallFacts['details'] | 'to the same'
  /** Members of the context that do not change from call to call. */
  readonly context: PolicyRecord
  /**
   * Kinds of the arguments that bounds are about, as the catalog gave them: action → path → kind.
   */
  readonly kinds: Kinds
}
type Kinds = { readonly [action: string]: { readonly [path: string]: ArgumentKind } }

const SHARED = [
  'details',
  'person',
  'sponsored',
  'intersectWith',
  'agents',
  'entities',
  'doable',
] as const
/** Members of the context that belong to the setting; all others go with each decision. */
export const SHARED_CONTEXT: readonly string[] = [
  'requester',
  'participants',
  'token',
  'space',
  'thread',
]

export interface RecordedSetting {
  readonly digest: string
  /** Value to store under the digest; `undefined` where it is known to be stored. */
  readonly unstored: string | undefined
}

/** A setting made before, and what it was made from. */
interface MadeSetting {
  readonly of: CallFacts
  readonly shared: string
  readonly digest: string
  value: string | undefined
}

/**
 * Settings kept for one array of entities, at most: tokens of one task may be narrowed in different
 * ways.
 */
const MAX_BESIDE = 8
const MAX_STORED = 50_000

/**
 * Settings of calls. One that was met before is found again by the identity of its parts, which `Facts` keeps per epoch, so nothing that did
 * not change is written out a second time.
 */
export class RecordedSettings {
  readonly #made = new WeakMap<readonly PolicyEntity[], MadeSetting[]>()
  readonly #stored = new LruCache<true>(MAX_STORED)

  of(facts: CallFacts): RecordedSetting {
    const shared = JSON.stringify(sharedContext(facts.context))
    const beside = this.#made.get(facts.entities) ?? []
    const known = beside.find((each) => each.shared === shared && isSameSetting(each.of, facts))
    const made = known ?? make(facts, shared)
    if (!known) this.#made.set(facts.entities, [made, ...beside.slice(0, MAX_BESIDE - 1)])
    if (made.value !== undefined && this.#stored.get(made.digest, 'stored')) made.value = undefined
    return { digest: made.digest, unstored: made.value }
  }

  /** Notes that the setting is stored, after the commit that stored it. */
  noteStored({ digest }: RecordedSetting): void {
    this.#stored.put(digest, 'stored', true)
  }
}

function make(facts: CallFacts, shared: string): MadeSetting {
  const value = JSON.stringify(settingFacts(facts))
  return { of: facts, shared, digest: domainHash('remit/decision-setting/v1', value), value }
}

function settingFacts(facts: CallFacts): SettingFacts {
  const { agents, context, details, doable, entities, intersectWith, person, sponsored } = facts
  const narrowed = narrowedOf(facts)
  return {
    location: facts.call.location,
    details,
    ...(narrowed === undefined ? {} : { narrowed }),
    person,
    sponsored,
    intersectWith,
    agents,
    entities,
    doable,
    context: sharedContext(context),
    kinds: kindsOf(facts),
  }
}

function narrowedOf({ details, narrowed }: CallFacts): SettingFacts['narrowed'] {
  return narrowed && JSON.stringify(narrowed) === JSON.stringify(details) ? 'to the same' : narrowed
}

function sharedContext(context: PolicyRecord): PolicyRecord {
  const shared: Record<string, PolicyRecord[string]> = {}
  for (const name of SHARED_CONTEXT) {
    const value = context[name]
    if (value !== undefined) shared[name] = value
  }
  return shared
}

/** Coverage asks only about bounds of details that name the action at this location. */
function kindsOf({ call, details, kindOf, narrowed = [] }: CallFacts): Kinds {
  const kinds: Record<string, Record<string, ArgumentKind>> = {}
  for (const { actions, bounds, locations } of [...details, ...narrowed]) {
    if (bounds.length === 0 || !locations.includes(call.location)) continue
    for (const action of actions) {
      for (const { path } of bounds) {
        const kind = kindOf(call.location, action, path)
        if (kind !== undefined) kinds[action] = { ...kinds[action], [path]: kind }
      }
    }
  }
  return kinds
}

function isSameSetting(a: CallFacts, b: CallFacts): boolean {
  return (
    a.details === b.details &&
    a.narrowed === b.narrowed &&
    a.person === b.person &&
    a.sponsored === b.sponsored &&
    a.kindOf === b.kindOf &&
    a.call.location === b.call.location &&
    sameItems(a.intersectWith, b.intersectWith) &&
    sameItems(a.agents, b.agents) &&
    sameItems(a.doable, b.doable)
  )
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]))
}
