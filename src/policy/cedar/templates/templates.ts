import { nearest } from '../../../platform/lib/closest-match.ts'
import { type AnnotatedJson, templateToJson } from '../exact-integers.ts'
import { idOf } from '../policy-id.ts'
import type { PolicyPiece } from '../policy-text.ts'
import { instantiate, OWN_ANNOTATIONS, slotsOf } from './instantiate.ts'
import { BadLink, isLink, isTemplate, type LinkText, readLink } from './link-text.ts'

export interface Template {
  readonly id: string
  readonly piece: PolicyPiece
  readonly json: AnnotatedJson
}

/** A link with its template: what both of them say. */
export interface LinkedTemplate {
  readonly id: string
  /** Text of both as they are written: an approval of what it forbids ends when either changes. */
  readonly text: string
  readonly template: Template
  readonly link: LinkText
  readonly json: AnnotatedJson
}

/** The text that a link stands for. */
export function withTemplate(template: string, link: string): string {
  return `${template}\n\n${link}`
}

/** The templates of one text, parsed when a link first asks for one. */
export class Templates {
  readonly #pieces = new Map<string, PolicyPiece>()
  readonly #parsed = new Map<string, Template | undefined>()
  /** Texts that are no templates, by their id. */
  readonly #others = new Map<string, string>()
  readonly #texts: readonly PolicyPiece[]
  #looked = false

  constructor(pieces: readonly PolicyPiece[]) {
    this.#texts = pieces
  }

  /** @throws BadLink whatever is wrong with it, with the place in its own text */
  linked(text: string): LinkedTemplate {
    const link = readLink(text)
    checkAnnotations(link)
    const template = this.#named(link)
    checkSlots(link, template)
    return {
      id: link.id ?? '',
      text: withTemplate(template.piece.text, text),
      template,
      link,
      json: instantiate(template.json, link),
    }
  }

  /** The template of an id; `undefined` also for one that does not parse. */
  byId(id: string): Template | undefined {
    this.#look()
    if (this.#parsed.has(id)) return this.#parsed.get(id)
    const piece = this.#pieces.get(id)
    const parsed = piece && templateToJson(piece.text)
    const found = piece && parsed?.type === 'success' ? { id, piece, json: parsed.json } : undefined
    this.#parsed.set(id, found)
    return found
  }

  #named({ template: { at, id } }: LinkText): Template {
    const found = this.byId(id)
    if (found) return found
    const other = this.#others.get(id)
    // INVARIANT: a link leads to a template and nowhere else, so links cannot go in circles.
    if (other !== undefined) throw new BadLink(at, `\`${id}\` is ${other}, and no template`)
    if (this.#pieces.has(id)) throw new BadLink(at, `the template \`${id}\` cannot be parsed`)
    throw new BadLink(at, `there is no template \`${id}\``, nearest(id, [...this.#pieces.keys()]))
  }

  /** Looks through the pieces once; a text whose links are not asked for is not looked through. */
  #look(): void {
    if (this.#looked) return
    this.#looked = true
    for (const piece of this.#texts) {
      if (isLink(piece.text)) this.#others.set(linkId(piece.text), 'a link')
      else if (isTemplate(piece.text)) this.#pieces.set(idOf(piece.text) ?? '', piece)
      else this.#others.set(idOf(piece.text) ?? '', 'a policy without slots')
    }
  }
}

function linkId(text: string): string {
  try {
    return readLink(text).id ?? ''
  } catch {
    return ''
  }
}

function checkAnnotations({ annotations }: LinkText): void {
  for (const name of annotations.keys()) {
    if (OWN_ANNOTATIONS.has(name)) continue
    throw new BadLink(0, `\`@${name}\` of a link is what its template says; write it there`)
  }
}

function checkSlots({ template, values }: LinkText, { id, json }: Template): void {
  const slots: readonly string[] = slotsOf(json)
  for (const [name, { slotAt }] of values) {
    if (!slots.includes(name))
      throw new BadLink(slotAt, `the template \`${id}\` has no slot \`${name}\``)
  }
  const missing = slots.find((name) => !values.has(name))
  if (missing !== undefined)
    throw new BadLink(template.at, `the template \`${id}\` has a slot \`${missing}\` too`)
}
