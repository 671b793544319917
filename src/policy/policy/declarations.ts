import type { EntityShape, Field, RecordShape, RequestShape, Shape } from '@remit/engine'
import { type ActionSchemas, actionSchemas } from './schema.ts'

/**
 * Declarations of a text of `schemaFor`, each read when it is first asked for: what one call costs
 * must not grow with the catalog. Reads what `schemaFor` writes and nothing else of Cedar's
 * language for schemas; what it cannot read is an error, and with it every evaluation that needs
 * it.
 */
export class Declarations {
  readonly actions: ActionSchemas
  readonly entities: ReadonlyMap<string, EntityShape>
  readonly #preamble: string
  readonly #names: Names = { shapes: new Map(SHAPES), entities: new Map() }
  readonly #requests = new Map<string, RequestShape>()

  /** @throws SyntaxError when the preamble cannot be read */
  constructor(schema: string, actions: ActionSchemas = actionSchemas(schema)) {
    this.actions = actions
    const [preamble = ''] = schema.split('\n\n', 1)
    this.#preamble = preamble
    new DeclarationParser(preamble, this.#names).declarations()
    this.entities = this.#names.entities
  }

  /** Actions with the groups that they are in. */
  groups(): Iterable<readonly [string, readonly string[]]> {
    return Array.from(this.actions, ([id, { groups }]) => [id, groups] as const)
  }

  /** @throws Error when there is no such action, or its declaration cannot be read */
  request(action: string): RequestShape {
    const known = this.#requests.get(action)
    if (known) return known
    const declared = this.actions.get(action)
    if (!declared) throw new Error(`there is no action \`${action}\``)
    const own = declared.text.slice(this.#preamble.length)
    const shape = new DeclarationParser(own, this.#names).request()
    this.#requests.set(action, shape)
    return shape
  }
}

const TOKEN = /\s|\/\/[^\n]*|"[^"]*"|[A-Za-z_][A-Za-z0-9_]*|[{}[\]<>?:;,=]/gy

const SHAPES = new Map<string, Shape>([
  ['String', { kind: 'string' }],
  ['Bool', { kind: 'boolean' }],
  ['Long', { kind: 'long' }],
  ['decimal', { kind: 'decimal' }],
  ['datetime', { kind: 'datetime' }],
])

/** Names that have been declared so far. */
interface Names {
  readonly shapes: Map<string, Shape>
  readonly entities: Map<string, EntityShape>
}

/** Goes through one text, token by token. */
class DeclarationParser {
  readonly #tokens: readonly string[]
  readonly #names: Names
  #at = 0
  #request: RequestShape | undefined

  constructor(text: string, names: Names) {
    this.#tokens = tokensOf(text)
    this.#names = names
  }

  declarations(): void {
    while (this.#at < this.#tokens.length) this.#declaration()
  }

  request(): RequestShape {
    while (this.#at < this.#tokens.length) this.#declaration()
    if (!this.#request) throw new SyntaxError('the action applies to nothing')
    return this.#request
  }

  #declaration(): void {
    const word = this.#next()
    if (word === 'entity') this.#entity()
    else if (word === 'type') this.#type()
    else if (word === 'action') this.#action()
    else throw new SyntaxError(`\`${word}\` declares nothing that is known here`)
  }

  #entity(): void {
    const name = this.#next()
    const parents = this.#took('in') ? this.#list() : []
    const attributes = this.#peek() === '{' ? this.#record() : NOTHING
    this.#expect(';')
    this.#names.entities.set(name, { attributes, tags: undefined, parents: new Set(parents) })
  }

  #type(): void {
    const name = this.#next()
    this.#expect('=')
    this.#names.shapes.set(name, this.#shape())
    this.#expect(';')
  }

  #action(): void {
    do this.#next()
    while (this.#took(','))
    if (this.#took('in')) this.#list()
    if (this.#took('appliesTo')) this.#request = this.#appliesTo()
    this.#expect(';')
  }

  #appliesTo(): RequestShape {
    this.#expect('{')
    this.#member('principal')
    const principals = new Set(this.#list())
    this.#expect(',')
    this.#member('resource')
    const resources = new Set(this.#list())
    this.#expect(',')
    this.#member('context')
    const context = this.#record()
    this.#expect('}')
    return { principals, resources, context }
  }

  #member(name: string): void {
    this.#expect(name)
    this.#expect(':')
  }

  /** Names in brackets. Of `Action::"write"` its parts: `namesIn` reads the groups of an action. */
  #list(): string[] {
    const names: string[] = []
    this.#expect('[')
    while (!this.#took(']')) {
      names.push(this.#next())
      this.#took(',')
    }
    return names
  }

  #shape(): Shape {
    if (this.#peek() === '{') return this.#record()
    const name = this.#next()
    if (name === 'Set') {
      this.#expect('<')
      const of = this.#shape()
      this.#expect('>')
      return { kind: 'set', of }
    }
    const shape = this.#names.shapes.get(name)
    if (shape) return shape
    if (this.#names.entities.has(name)) return { kind: 'entity', type: name }
    throw new SyntaxError(`the type \`${name}\` is not known here`)
  }

  #record(): RecordShape {
    const fields = new Map<string, Field>()
    this.#expect('{')
    while (!this.#took('}')) {
      const token = this.#next()
      const name = token[0] === '"' ? token.slice(1, -1) : token
      const optional = this.#took('?')
      this.#expect(':')
      fields.set(name, { shape: this.#shape(), optional })
      this.#took(',')
    }
    return { kind: 'record', fields }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #next(): string {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new SyntaxError('the schema ends too early')
    return token
  }

  #took(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #expect(token: string): void {
    const found = this.#next()
    if (found !== token) throw new SyntaxError(`\`${found}\` where \`${token}\` is expected`)
  }
}

const NOTHING: RecordShape = { kind: 'record', fields: new Map() }

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    end = match.index + token.length
    if (!/^(?:\s|\/\/)/.test(token)) tokens.push(token)
  }
  if (end < text.length) throw new SyntaxError('a character that no schema here has')
  return tokens
}
