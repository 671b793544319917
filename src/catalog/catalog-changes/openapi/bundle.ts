import { posix } from 'node:path'
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  printJson,
} from '../../../platform/lib/json.ts'
import { badDocument } from '../../argument-types/index.ts'

const MAX_FILES = 5_000
const MAX_CHARACTERS = 32 * 1024 * 1024
/** Member in which a bundle has the other files, by their paths. */
const FILES = 'x-remit-files'
/** RFC 3986 section 3.1: an address, not a file beside. */
const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i

/** Gives the text of a file by its path below one directory, with forward slashes; nothing when it is not there. */
export type ReadFile = (path: string) => Promise<string | undefined>

/**
 * One document out of several files: what refers to another file refers to a place in the document afterwards, so a circle stays a
 * circle. Nothing is fetched, and nothing outside of the directory is read: references to addresses stay as they are, and an import tells them.
 * @throws Problem `catalog.bad_document`
 */
export async function bundleDocument(main: string, read: ReadFile): Promise<string> {
  const bundle = new Bundle(main, read)
  return printJson(await bundle.make())
}

class Bundle {
  readonly #main: string
  readonly #read: ReadFile
  /** `undefined`: there is no such file. */
  readonly #files = new Map<string, Json | undefined>()
  #characters = 0

  constructor(main: string, read: ReadFile) {
    this.#main = main
    this.#read = read
  }

  async make(): Promise<JsonObject> {
    const found = await this.#load(this.#main)
    if (!isObject(found)) throw badDocument(`${this.#main} is not an object`)
    const waiting: string[] = []
    const root = await this.#rewritten(found, this.#main, waiting)
    const others = new Map<string, Json>()
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const content = this.#files.get(path)
      if (content === undefined || others.has(path)) continue
      others.set(path, await this.#rewritten(content, path, waiting))
    }
    if (!isObject(root)) throw badDocument(`${this.#main} is not an object`)
    return others.size === 0 ? root : new Map([...root, [FILES, others]])
  }

  async #load(path: string): Promise<Json | undefined> {
    if (this.#files.has(path)) return this.#files.get(path)
    if (this.#files.size >= MAX_FILES) throw badDocument(`it is in more than ${MAX_FILES} files`)
    const text = await this.#read(path)
    this.#characters += text?.length ?? 0
    if (this.#characters > MAX_CHARACTERS)
      throw badDocument('its files are longer than 32 MiB together')
    // Loaded here: the reader of YAML is needed by no start.
    const { parseDocumentText } = await import('./read-document.ts')
    const content = text === undefined ? undefined : parseDocumentText(text)
    this.#files.set(path, content)
    return content
  }

  /**
   * Rewrites a value so that its references lead somewhere in the bundle; files that they name are
   * `waiting`.
   */
  async #rewritten(value: Json, path: string, waiting: string[]): Promise<Json> {
    if (isList(value)) {
      const items: Json[] = []
      for (const item of value) items.push(await this.#rewritten(item, path, waiting))
      return items
    }
    if (!isObject(value)) return value
    const members = new Map<string, Json>()
    for (const [name, member] of value)
      members.set(
        name,
        name === '$ref' && typeof member === 'string'
          ? await this.#reference(member, path, waiting)
          : await this.#rewritten(member, path, waiting),
      )
    return members
  }

  async #reference(reference: string, from: string, waiting: string[]): Promise<string> {
    // An address, or a place that is named and not pointed to.
    if (ADDRESS.test(reference) || /#(?!\/|$)/.test(reference)) return reference
    const hash = reference.indexOf('#')
    const file = hash < 0 ? reference : reference.slice(0, hash)
    const fragment = hash < 0 ? '' : reference.slice(hash + 1)
    const path = file === '' ? from : below(from, file)
    if (path !== this.#main && (await this.#load(path)) === undefined) return reference
    if (path === this.#main) return `#${fragment}`
    waiting.push(path)
    const token = encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'))
    return `#/${FILES}/${token}${fragment}`
  }
}

/** The path of a file that is named by a reference in another one. */
function below(from: string, reference: string): string {
  const path = posix.normalize(posix.join(posix.dirname(from), decoded(reference)))
  const leaves = path === '..' || path.startsWith('../')
  if (leaves || reference.startsWith('/') || /[\\\0]/.test(path))
    throw badDocument(`\`${reference.slice(0, 200)}\` in ${from} leads out of the directory`)
  return path
}

function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    throw badDocument(`\`${reference.slice(0, 200)}\` is no reference to a file`)
  }
}
