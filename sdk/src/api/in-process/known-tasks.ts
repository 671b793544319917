import {
  type ArgumentKind,
  type Detail,
  keepEntities,
  type PolicyEntity,
  type PolicyRecord,
} from '@remit/engine'
import { recordOf, textOr } from '../../wire/problem.ts'
import { marksFrom, type StateMark } from './feed.ts'

/** Facts by which further calls of a task are decided, as Remit told them with a permit. */
export interface KnownTask {
  readonly rules: number
  /** End by the monotonic clock. */
  readonly until: number
  /** Claims of the token that Remit permitted: others have to have the same. */
  readonly ep: string
  readonly sub: string
  readonly details: readonly Detail[]
  readonly kinds: Readonly<Record<string, Readonly<Record<string, ArgumentKind>>>>
  readonly person: PolicyEntity
  readonly sponsored: boolean
  readonly intersectWith: readonly PolicyEntity[]
  readonly agents: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
  readonly context: PolicyRecord
  readonly parent: string | undefined
  readonly acr: string | undefined
  /** Epoch milliseconds. */
  readonly authTime: number | undefined
}

/** A question to Remit whose answer may have facts: changes that come meanwhile make them void. */
export interface FactsRead {
  readonly changed: Map<string, number>
  void: boolean
}

const MAX_TASKS = 10_000

/** Tasks whose calls can be decided here, each until something that it rests on changes. */
export class KnownTasks {
  readonly #tasks = new Map<
    string,
    { readonly task: KnownTask; readonly marks: readonly StateMark[] }
  >()
  /** Names of tasks by what they rest on. */
  readonly #resting = new Map<string, Set<string>>()
  readonly #reads = new Set<FactsRead>()

  get size(): number {
    return this.#tasks.size
  }

  find(name: string, now: number): KnownTask | undefined {
    const known = this.#tasks.get(name)
    if (!known) return undefined
    if (known.task.until > now) return known.task
    this.#forget(name)
    return undefined
  }

  beginRead(): FactsRead {
    const read: FactsRead = { changed: new Map(), void: false }
    this.#reads.add(read)
    return read
  }

  endRead(read: FactsRead): void {
    this.#reads.delete(read)
  }

  /** INVARIANT: facts that were read before a change was heard of are not kept after it. */
  keep(read: FactsRead, name: string, { marks, task }: ReturnType<typeof taskFrom>): void {
    const overtaken = marks.some(([digest, epoch]) => epoch < (read.changed.get(digest) ?? 0))
    if (read.void || overtaken) return
    this.#forget(name)
    for (const [oldest] of this.#tasks) {
      if (this.#tasks.size < MAX_TASKS) break
      this.#forget(oldest)
    }
    this.#tasks.set(name, { task, marks })
    for (const [digest] of marks) {
      const names = this.#resting.get(digest) ?? new Set()
      this.#resting.set(digest, names.add(name))
    }
  }

  drop(changes: readonly StateMark[]): void {
    for (const [digest, epoch] of changes) {
      for (const { changed } of this.#reads)
        changed.set(digest, Math.max(epoch, changed.get(digest) ?? 0))
      for (const name of [...(this.#resting.get(digest) ?? [])]) this.#forget(name)
    }
  }

  clear(): void {
    this.#tasks.clear()
    this.#resting.clear()
    for (const read of this.#reads) read.void = true
  }

  #forget(name: string): void {
    const known = this.#tasks.get(name)
    if (!known) return
    this.#tasks.delete(name)
    for (const [digest] of known.marks) {
      const names = this.#resting.get(digest)
      names?.delete(name)
      if (names?.size === 0) this.#resting.delete(digest)
    }
  }
}

/**
 * Reads the facts that came with a permit. Their values are Remit's own, over a connection that it
 * authenticated; only their form is looked at.
 * @throws Error
 */
export function taskFrom(
  facts: unknown,
  { ep, now, sub }: { readonly ep: string; readonly sub: string; readonly now: number },
): { readonly task: KnownTask; readonly marks: readonly StateMark[] } {
  const told = recordOf(facts)
  const { agents, auth_time, details, entities, intersect_with, rules, states, valid_for_ms } = told
  if (
    typeof rules !== 'number' ||
    typeof valid_for_ms !== 'number' ||
    typeof told.sponsored !== 'boolean'
  )
    throw new Error('the facts of a task cannot be read')
  const task: KnownTask = {
    ...{ rules, ep, sub, sponsored: told.sponsored, until: now + Math.min(valid_for_ms, 60_000) },
    details: listOf<Detail>(details),
    kinds: recordOf(told.kinds) as KnownTask['kinds'], // as: Remit's
    person: recordOf(told.person) as unknown as PolicyEntity, // as: Remit's
    intersectWith: listOf<PolicyEntity>(intersect_with),
    agents: listOf<PolicyEntity>(agents),
    entities: keepEntities(listOf<PolicyEntity>(entities)),
    context: recordOf(told.context) as PolicyRecord, // as: Remit's
    parent: textOr(told.parent),
    acr: textOr(told.acr),
    authTime: typeof auth_time === 'number' ? auth_time : undefined,
  }
  return { task, marks: marksFrom(states) }
}

function listOf<T>(value: unknown): readonly T[] {
  if (Array.isArray(value)) return value as T[] // as: Remit's
  throw new Error('the facts of a task cannot be read')
}
