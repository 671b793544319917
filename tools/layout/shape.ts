// Measures of the house, beside who imports whom: cycles between folders, faces of rooms, names, words.
import { readFileSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import { wrongTypeNames } from './type-names.ts'

/** One source file that is no test, and the files that it imports. */
export interface Source {
  readonly file: string
  readonly imports: readonly string[]
}

export interface Shape {
  /** Folders beside each other in a wing that import each other in a circle, types included; each circle as a line. */
  readonly circles: readonly string[]
  /** Folders that are named by what is done in them. */
  readonly verbs: readonly string[]
  /** Doc comments, also of tests and other packages, that begin with a word that is no noun and no verb. */
  readonly openings: readonly string[]
  /** Types, also of tests and other packages, with a name of one word that is no noun. */
  readonly typeNames: readonly string[]
  /** Number of names that its index gives away, by room. */
  readonly names: Readonly<Record<string, number>>
  /** Type names that are exported by more than one file. */
  readonly homonyms: readonly string[]
  /** Number of folders that have one or two files and no folder. */
  readonly smallFolders: number
  /** Number of files that have fewer than `MIN_LINES` lines. */
  readonly shortFiles: number
}

const MIN_LINES = 15
/** Nouns that end like a verb. */
const NOUNS = new Set(['meaning'])
const DOC_OPENING =
  /\/\*\*\s+(?:\* )?(And|As|Every(?:body|one|thing)|For|How|If|In|Like|Likewise|Nobody|Nothing|Of|So|That|The same|Those|What(?:ever)?|When|Where|Whether|Which|Who(?:ever|m|se)?|Why)(?![-\w])/g
const EXPORTED_TYPE = /^export (?:declare )?(?:type|interface) (\w+)\b/gm

/** Measures the files in `root`; of `others`, the first words of comments and the names of types only. */
export function shapeOf(
  root: string,
  sources: readonly Source[],
  others: readonly string[],
): Shape {
  const texts = new Map(sources.map(({ file }) => [file, readFileSync(file, 'utf8')]))
  const folders = Map.groupBy(sources, ({ file }) => dirname(file))
  return {
    circles: circlesIn(root, sources),
    verbs: [...folders.keys()]
      .map((folder) => relative(root, folder))
      .filter((folder) => isVerb(folder.split(sep).at(-1) ?? '')),
    names: namesByRoom(root, texts),
    homonyms: homonyms(texts),
    openings: [...texts.keys(), ...others].flatMap((file) => openingsIn(root, file)),
    typeNames: [...texts.keys(), ...others].flatMap((file) =>
      wrongTypeNames(readFileSync(file, 'utf8')).map(
        (name) => `${relative(dirname(root), file)}: ${name}`,
      ),
    ),
    smallFolders: [...folders].filter(([folder, files]) => isSmall(folder, files, folders)).length,
    shortFiles: [...texts].filter(([file, text]) => isShort(file, text)).length,
  }
}

function isVerb(name: string): boolean {
  return /(?:ing|[^e]ed)$/.test(name) && !NOUNS.has(name)
}

function isSmall(
  folder: string,
  files: readonly Source[],
  folders: ReadonlyMap<string, unknown>,
): boolean {
  return files.length < 3 && ![...folders.keys()].some((other) => other.startsWith(folder + sep))
}

/** An index is as short as its room's face. */
function isShort(file: string, text: string): boolean {
  return linesOf(text) < MIN_LINES && !file.endsWith(`${sep}index.ts`)
}

function namesByRoom(root: string, texts: ReadonlyMap<string, string>): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [file, text] of texts) {
    const [wing = '', room = '', name, ...deeper] = relative(root, file).split(sep)
    if (name !== 'index.ts' || deeper.length > 0) continue
    const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)]
    const listed = lists.flatMap(([, list = '']) => list.split(',').filter((each) => each.trim()))
    found[`${wing}/${room}`] = listed.length
  }
  return found
}

function homonyms(texts: ReadonlyMap<string, string>): string[] {
  const declared = new Map<string, number>()
  for (const text of texts.values()) {
    for (const [, name = ''] of text.matchAll(EXPORTED_TYPE))
      declared.set(name, (declared.get(name) ?? 0) + 1)
  }
  return [...declared].filter(([, count]) => count > 1).map(([name]) => name)
}

/**
 * Finds, for each folder, the circles among the folders directly in it; files that lie beside them
 * are its own and count for none.
 */
function circlesIn(root: string, sources: readonly Source[]): string[] {
  const arrows = new Map<string, Map<string, Set<string>>>()
  for (const { file, imports } of sources) {
    for (const target of imports) {
      const from = relative(root, file).split(sep)
      const to = relative(root, target).split(sep)
      const apart = from.findIndex((part, i) => part !== to[i])
      // Both have to lie in a folder below the last one that they share.
      // Which wing uses which is checked by a table of its own.
      if (apart <= 0 || from.length - 1 <= apart || to.length - 1 <= apart) continue
      const above = from.slice(0, apart).join(sep)
      const [a = '', b = ''] = [from[apart], to[apart]]
      const among = arrows.get(above) ?? new Map<string, Set<string>>()
      arrows.set(above, among.set(a, (among.get(a) ?? new Set<string>()).add(b)))
    }
  }
  return [...arrows].flatMap(([above, among]) =>
    [...among.keys()].flatMap((folder) => {
      const back = pathBack(among, folder)
      return back ? [`${above || '.'}: ${back.join(' -> ')}`] : []
    }),
  )
}

/** The shortest way from a folder back to itself. */
function pathBack(among: ReadonlyMap<string, ReadonlySet<string>>, start: string) {
  const ways = [[start]]
  const seen = new Set<string>()
  for (let way = ways.shift(); way; way = ways.shift()) {
    for (const next of among.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

function openingsIn(root: string, file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const name = relative(dirname(root), file)
  return [...text.matchAll(DOC_OPENING)].map(
    ({ index, 1: word }) => `${name}:${linesOf(text.slice(0, index)) + 1}: ${word}`,
  )
}

function linesOf(text: string): number {
  return text.split('\n').length - 1
}
