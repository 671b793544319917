import { BadFile, type Members, type Texts, type YamlTree } from './tree.ts'

/** Reads the members of a map one by one, and says at the end which ones were not read. */
export class MemberReader {
  readonly line: number
  readonly #members: ReadonlyMap<string, YamlTree>
  readonly #asked = new Set<string>()

  constructor({ line, members }: Members) {
    this.line = line
    this.#members = members
  }

  any(name: string): YamlTree | undefined {
    this.#asked.add(name)
    const found = this.#members.get(name)
    return found?.is === 'nothing' ? undefined : found
  }

  has(name: string): boolean {
    return this.#members.has(name)
  }

  text(name: string): string | undefined {
    const found = this.any(name)
    if (!found) return undefined
    if (found.is === 'text') return found.text
    throw new BadFile(found.line, `\`${name}\` is one text`)
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name)
    const chosen = choices.find((choice) => choice === text)
    if (text === undefined || chosen !== undefined) return chosen
    throw new BadFile(
      this.any(name)?.line ?? this.line,
      `\`${name}\` is ${choices.map((choice) => `\`${choice}\``).join(' or ')}`,
    )
  }

  /** One text, or several. */
  texts(name: string): readonly string[] {
    return this.nodes(name).map(({ text }) => text)
  }

  nodes(name: string): readonly Texts[] {
    const found = this.any(name)
    return found ? MemberReader.nodes(found) : []
  }

  static texts(tree: YamlTree): readonly string[] {
    return MemberReader.nodes(tree).map(({ text }) => text)
  }

  static nodes(tree: YamlTree): readonly Texts[] {
    if (tree.is === 'nothing') return []
    const items = tree.is === 'list' ? tree.items : [tree]
    return items.map((item) => {
      if (item.is === 'text') return item
      throw new BadFile(item.line, 'a name, or a list of names, is expected here')
    })
  }

  map(name: string): Members | undefined {
    const found = this.any(name)
    if (!found || found.is === 'map') return found
    throw new BadFile(found.line, `\`${name}\` has members with names`)
  }

  members(name: string): readonly (readonly [string, YamlTree])[] {
    return [...(this.map(name)?.members ?? [])]
  }

  list(name: string): readonly YamlTree[] {
    const found = this.any(name)
    if (!found) return []
    if (found.is === 'list') return found.items
    throw new BadFile(found.line, `\`${name}\` is a list`)
  }

  /** @throws BadFile when there is a member that was not read: a misspelt one would silently test less */
  end(): void {
    for (const [name, { line }] of this.#members) {
      if (this.#asked.has(name)) continue
      const known = [...this.#asked].map((each) => `\`${each}\``).join(', ')
      throw new BadFile(line, `\`${name}\` is not known here`, `known: ${known}`)
    }
  }
}
