/**
 * Content of one link: which template, and what stands in its slots. Offsets are those in its text.
 */
export interface LinkText {
  /** `undefined` when it has none. */
  readonly id: string | undefined
  readonly annotations: ReadonlyMap<string, string>
  readonly template: { readonly id: string; readonly at: number }
  /** Values by slot, with its question mark. */
  readonly values: ReadonlyMap<string, SlotValue>
}

export interface SlotValue {
  readonly type: string
  readonly id: string
  /** Offsets where the entity stands, and where its slot does. */
  readonly at: number
  readonly slotAt: number
}

/** Mistake in the writing of a link, and its place in the text of the link. */
export class BadLink extends Error {
  readonly at: number
  readonly help: string | undefined

  constructor(at: number, message: string, help?: string) {
    super(message)
    this.at = at
    this.help = help
  }
}

/** Space and comments; a string; a name; a slot; or one sign. */
const TOKEN =
  /(?<skip>\s+|\/\/[^\n\r]*)|(?<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?<name>[A-Za-z_]\w*)|(?<slot>\?[A-Za-z_]\w*)|(?<sign>::|==|.)/gsu

const SLOT = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|(\?(?:principal|resource)\b)/gs

/** Tells whether a policy has slots, so that only links of it decide anything. */
export function isTemplate(text: string): boolean {
  if (!text.includes('?')) return false
  return Array.from(text.matchAll(SLOT)).some(([, slot]) => slot !== undefined) && !isLink(text)
}

/**
 * Tells whether a piece of a text is a link: the word after its annotations says so. Cedar has no
 * statement that begins with it.
 */
export function isLink(text: string): boolean {
  if (!text.includes('link')) return false
  try {
    const reader = new Reader(text)
    readAnnotations(reader)
    return reader.next?.text === 'link'
  } catch (error) {
    if (error instanceof BadLink) return false
    throw error
  }
}

/**
 * Reads one link:
 *
 * `@id("support-reads-orders") link (template == "readers", ?principal == Group::"support", ?resource == Resource::"orders");`
 *
 * @throws BadLink
 */
export function readLink(text: string): LinkText {
  const reader = new Reader(text)
  const annotations = readAnnotations(reader)
  reader.take('link')
  reader.take('(')
  reader.take('template')
  reader.take('==')
  const template = reader.string('the id of a template')
  const values = new Map<string, SlotValue>()
  while (reader.isNext(',')) {
    reader.take(',')
    if (reader.isNext(')')) break
    const slot = reader.slot()
    if (values.has(slot.text)) throw new BadLink(slot.at, `\`${slot.text}\` is given twice`)
    reader.take('==')
    values.set(slot.text, { ...entity(reader), slotAt: slot.at })
  }
  reader.take(')')
  reader.take(';')
  if (reader.next) throw new BadLink(reader.next.at, `nothing follows a link`)
  return { id: annotations.get('id'), annotations, template, values }
}

function readAnnotations(reader: Reader): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  while (reader.isNext('@')) {
    reader.take('@')
    const name = reader.name('the name of an annotation')
    if (found.has(name.text)) throw new BadLink(name.at, `\`@${name.text}\` stands twice`)
    found.set(name.text, '')
    if (!reader.isNext('(')) continue
    reader.take('(')
    found.set(name.text, reader.string('a string').id)
    reader.take(')')
  }
  return found
}

/** `Group::"support"`, in a namespace or not. */
function entity(reader: Reader): Omit<SlotValue, 'slotAt'> {
  const { at, text } = reader.name('an entity, as in `Group::"support"`')
  let type = text
  reader.take('::')
  while (!reader.isString()) {
    type += `::${reader.name('an entity, as in `Group::"support"`').text}`
    reader.take('::')
  }
  return { type, id: reader.string('the id of an entity').id, at }
}

interface Token {
  readonly kind: 'string' | 'name' | 'slot' | 'sign'
  readonly text: string
  readonly at: number
}

class Reader {
  readonly #tokens: readonly Token[]
  readonly #end: number
  #index = 0

  constructor(text: string) {
    this.#end = text.length
    this.#tokens = Array.from(text.matchAll(TOKEN)).flatMap(({ 0: whole, groups = {}, index }) => {
      const kind = KINDS.find((each) => groups[each] !== undefined)
      return kind === undefined ? [] : [{ kind, text: whole, at: index }]
    })
  }

  get next(): Token | undefined {
    return this.#tokens[this.#index]
  }

  isNext(text: string): boolean {
    return this.next?.text === text
  }

  isString(): boolean {
    return this.next?.kind === 'string'
  }

  take(text: string): void {
    if (!this.isNext(text)) throw this.#unexpected(`\`${text}\``)
    this.#index++
  }

  name(what: string): Token {
    return this.#one('name', what)
  }

  slot(): Token {
    const found = this.#one('slot', '`?principal` or `?resource`')
    if (found.text === '?principal' || found.text === '?resource') return found
    throw new BadLink(found.at, `there is no slot \`${found.text}\`: \`?principal\`, \`?resource\``)
  }

  string(what: string): { readonly id: string; readonly at: number } {
    const { at, text } = this.#one('string', what)
    const inside = text.slice(1, -1)
    if (/\\[^"\\]|[\n\r]/.test(inside.replaceAll('\\\\', '')))
      throw new BadLink(at, 'strings of a link know no escapes but `\\"` and `\\\\`')
    return { id: inside.replace(/\\(.)/g, '$1'), at }
  }

  #one(kind: Token['kind'], what: string): Token {
    const found = this.next
    if (found?.kind !== kind) throw this.#unexpected(what)
    this.#index++
    return found
  }

  #unexpected(wanted: string): BadLink {
    const found = this.next
    return found
      ? new BadLink(found.at, `expected ${wanted}, found \`${found.text}\``)
      : new BadLink(this.#end, `expected ${wanted}, and the link ends`)
  }
}

const KINDS = ['string', 'name', 'slot', 'sign'] as const

export function hasComment(text: string): boolean {
  return Array.from(text.matchAll(TOKEN)).some(([token]) => token.startsWith('//'))
}

/** The template that a link names; `undefined` of one that cannot be read. */
export function templateOf(text: string): string | undefined {
  try {
    return readLink(text).template.id
  } catch (error) {
    if (error instanceof BadLink) return undefined
    throw error
  }
}

/** A link in the one layout. @throws BadLink */
export function formatLink(text: string, width: number): string {
  const { annotations, template, values } = readLink(text)
  const head = Array.from(annotations, ([name, value]) => `@${name}(${cedarText(value)})\n`).join(
    '',
  )
  const parts = [
    `template == ${cedarText(template.id)}`,
    ...Array.from(values, ([slot, { id, type }]) => `${slot} == ${type}::${cedarText(id)}`),
  ]
  const line = `link (${parts.join(', ')});`
  return (
    head +
    (line.length <= width ? line : `link (\n${parts.map((each) => `  ${each}`).join(',\n')}\n);`)
  )
}

function cedarText(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
