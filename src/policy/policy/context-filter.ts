import type { CallableActions, PolicyJson, RecordValue } from '@remit/engine'
import { isRecord } from '../../platform/lib/json.ts'
import { ContextReads } from './context-reads.ts'

/** Reads of one policy, and the calls that they matter to. */
interface ScopedReads {
  readonly reads: ContextReads
  /** Only resource that the policy is about; `undefined`: it may be any. */
  readonly resource: string | undefined
  /** Only actions, or groups of them, that it is about; `undefined`: it may be any. */
  readonly actions: readonly string[] | undefined
}

/** Reads of a context by the policies of a set, while the arguments are not known. */
export class ContextFilter {
  readonly #policies: ScopedReads[] = []
  /** Reads that matter to the actions of one resource. */
  readonly #known = new WeakMap<readonly string[], readonly ContextReads[]>()
  readonly #isAction: (name: string) => boolean

  /** `policies`: without their arguments. `isAction`: tells actions from groups of them. @throws CompileError */
  constructor(policies: ReadonlyMap<string, PolicyJson>, isAction: (name: string) => boolean) {
    this.#isAction = isAction
    for (const [id, policy] of policies) {
      const reads = new ContextReads(id, policy)
      if (!reads.isEmpty) this.#policies.push({ reads, ...scopeOf(policy) })
    }
  }

  /** `PolicySet.seenOf` */
  seen(context: RecordValue, calls: CallableActions): string {
    const texts = this.#readsOf(calls).map((reads) => reads.seen(context))
    return texts.map((text) => `${text.length}:${text}`).join('')
  }

  #readsOf({ actions, resource }: CallableActions): readonly ContextReads[] {
    const known = this.#known.get(actions)
    if (known) return known
    const asked = new Set(actions)
    // A group may hold any of the actions.
    const isAbout = (name: string) => asked.has(name) || !this.#isAction(name)
    const found = this.#policies.filter(
      (each) =>
        (each.resource === undefined || each.resource === resource) &&
        (each.actions === undefined || each.actions.some(isAbout)),
    )
    const reads = found.map((each) => each.reads)
    this.#known.set(actions, reads)
    return reads
  }
}

/** Reads a scope as far as it names what it is about outright. */
function scopeOf({ action, resource }: PolicyJson): Omit<ScopedReads, 'reads'> {
  const about: { op?: unknown; entity?: unknown } = resource
  const acts: { op?: unknown; entity?: unknown; entities?: unknown } = action
  const named = Array.isArray(acts.entities) ? acts.entities : [acts.entity]
  const actions = named.map(idOf)
  return {
    resource: about.op === '==' ? idOf(about.entity) : undefined,
    actions: actions.every((id) => id !== undefined) ? actions : undefined,
  }
}

/** Answers the id of an entity in either of its forms; `undefined`: it is none. */
function idOf(json: unknown): string | undefined {
  if (!isRecord(json)) return undefined
  const { id } = isRecord(json.__entity) ? json.__entity : json
  return typeof id === 'string' ? id : undefined
}
