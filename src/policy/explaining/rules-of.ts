import type { PolicyJson } from '@remit/engine'
import { policyDigest } from '../annotations.ts'
import { policyToJson } from '../exact-integers.ts'
import type { PublishedSet } from '../policy-store.ts'
import { type PolicyPiece, positionAt, splitPolicies } from '../policy-text.ts'
import { actionSchemas } from '../schema.ts'
import { placeOf } from '../source-files.ts'

/** One rule as it was published. */
export interface PublishedRule {
  readonly id: string
  readonly text: string
  readonly digest: string
  /** Where it begins, from 1: in its file where that is known, else in the whole text. */
  readonly line: number
  readonly file: string | undefined
  /** What `@description` and `@advice` say. */
  readonly description: string | undefined
  readonly advice: string | undefined
  readonly json: PolicyJson
}

/** As many permits as are looked at for being the nearest. */
const MOST_CANDIDATES = 200

/** The rules of a published set, parsed when they are asked for. */
export class RulesOf {
  readonly #set: Pick<PublishedSet, 'text' | 'files' | 'schema'>
  readonly #pieces: readonly PolicyPiece[]
  readonly #parsed = new Map<PolicyPiece, PublishedRule | undefined>()
  readonly #groups = new Map<string, readonly string[]>()

  constructor(set: Pick<PublishedSet, 'text' | 'files' | 'schema'>) {
    this.#set = set
    this.#pieces = splitPolicies(set.text)
  }

  byId(id: string): PublishedRule | undefined {
    for (const piece of this.#pieces) {
      if (!piece.text.includes(`"${id}"`)) continue
      const rule = this.#rule(piece)
      if (rule?.id === id) return rule
    }
    return undefined
  }

  /** Groups of an action, as of when the set was published. */
  groupsOf(action: string): readonly string[] {
    const known = this.#groups.get(action)
    if (known) return known
    const found = actionSchemas(this.#set.schema).get(action)?.groups ?? []
    this.#groups.set(action, found)
    return found
  }

  /** Permits that may speak of an action: those that name it or a group of it first, then those that name none. */
  permitsAbout(action: string): readonly PublishedRule[] {
    const names = [action, ...this.groupsOf(action)].map((name) => `Action::"${name}"`)
    const permits = this.#pieces.filter(({ text }) => /\bpermit\s*\(/.test(text))
    const naming = permits.filter(({ text }) => names.some((name) => text.includes(name)))
    const open = permits.filter(({ text }) => !text.includes('Action::'))
    const rules = [...naming, ...open].slice(0, MOST_CANDIDATES).map((piece) => this.#rule(piece))
    return rules.filter(
      (rule) => rule !== undefined && rule.json.effect === 'permit',
    ) as PublishedRule[] // as: filtered
  }

  #rule(piece: PolicyPiece): PublishedRule | undefined {
    if (this.#parsed.has(piece)) return this.#parsed.get(piece)
    const rule = this.#parse(piece)
    this.#parsed.set(piece, rule)
    return rule
  }

  #parse({ start, text }: PolicyPiece): PublishedRule | undefined {
    const parsed = policyToJson(text)
    if (parsed.type !== 'success') return undefined
    const { advice, description, id } = parsed.json.annotations ?? {}
    const place = placeOf(this.#set.files, positionAt(this.#set.text, start).line)
    return {
      id: id ?? '',
      text,
      digest: policyDigest(text),
      ...place,
      description: description ?? undefined,
      advice: advice ?? undefined,
      json: parsed.json,
    }
  }
}
