import type { PolicyJson } from '@remit/engine'
import {
  type AnnotatedJson,
  idOf,
  isLink,
  isTemplate,
  type PolicyPiece,
  policyDigest,
  policyToJson,
  positionAt,
  splitPolicies,
  Templates,
  templateOf,
  templateToJson,
} from '../../cedar/index.ts'
import { type PublishedSet, placeInFiles } from '../policy-store.ts'
import { actionSchemas } from '../schema.ts'

/** Position in a file where that is known, else in the whole text; from 1. */
export interface SourcePosition {
  readonly line: number
  readonly file: string | undefined
}

/** One rule as it was published: where it begins; of a link, where its template does. */
export interface PublishedRule extends SourcePosition {
  readonly id: string
  /** Text of the rule; for a link, with that of its template. */
  readonly text: string
  readonly digest: string
  readonly link?: SourcePosition
  /** Texts of `@description` and `@advice`. */
  readonly description: string | undefined
  readonly advice: string | undefined
  readonly json: PolicyJson
}

/** Permits that are looked at for being the nearest. */
const MAX_CANDIDATES = 200

/** The rules of a published set, parsed when they are asked for. */
export class RulesOf {
  readonly #set: Pick<PublishedSet, 'text' | 'files' | 'schema'>
  readonly #pieces: readonly PolicyPiece[]
  readonly #templates: Templates
  readonly #parsed = new Map<PolicyPiece, PublishedRule | undefined>()
  readonly #groups = new Map<string, readonly string[]>()

  constructor(set: Pick<PublishedSet, 'text' | 'files' | 'schema'>) {
    this.#set = set
    this.#pieces = splitPolicies(set.text)
    this.#templates = new Templates(this.#pieces)
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
    const candidates = [...naming, ...open].flatMap((piece) => this.#standingFor(piece))
    const rules = candidates.slice(0, MAX_CANDIDATES).map((piece) => this.#rule(piece))
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

  /** Answers the links of a template; any other policy stands for itself. */
  #standingFor(piece: PolicyPiece): readonly PolicyPiece[] {
    if (!isTemplate(piece.text)) return [piece]
    const id = idOf(piece.text)
    return this.#pieces.filter(({ text }) => isLink(text) && templateOf(text) === id)
  }

  #parse({ start, text }: PolicyPiece): PublishedRule | undefined {
    if (isLink(text)) {
      const { json, template, text: whole } = this.#templates.linked(text)
      return { ...this.#shown(json, whole, template.piece.start), link: this.#place(start) }
    }
    const parsed = isTemplate(text) ? templateToJson(text) : policyToJson(text)
    return parsed.type === 'success' ? this.#shown(parsed.json, text, start) : undefined
  }

  #shown(json: AnnotatedJson, text: string, start: number): PublishedRule {
    const { advice, description, id } = json.annotations ?? {}
    return {
      id: id ?? '',
      text,
      digest: policyDigest(text),
      ...this.#place(start),
      description: description ?? undefined,
      advice: advice ?? undefined,
      json,
    }
  }

  #place(start: number): SourcePosition {
    return placeInFiles(this.#set.files, positionAt(this.#set.text, start).line)
  }
}
