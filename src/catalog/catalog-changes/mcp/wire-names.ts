import { skeleton } from '../../../platform/lib/text/alphabet.ts'
import { quoted } from '../../../platform/lib/text/visible.ts'
import { slug } from '../plan-resource.ts'

/**
 * Pattern of the names of tools and prompts: nothing in them looks like something else (MCP
 * 2025-11-25, "Tool Names").
 */
const WIRE_NAME = /^[A-Za-z0-9_./-]{1,128}$/

/** Answers why a name cannot be offered; `undefined` when it can. */
export function unusableName(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it has no name'
  if (WIRE_NAME.test(name)) return undefined
  return 'its name may only have ASCII letters, digits and `_ - . /`, 128 at most'
}

/** A name as notes can show it. */
export function quotedName(name: unknown): string {
  return typeof name === 'string' ? quoted(name.slice(0, 128)) : 'without a name'
}

/** `search_notes`, `searchNotes` and `search.notes` → `search-notes`. */
export function kebab(name: string): string {
  const words = slug(name.replaceAll(/[_./]+/g, '-'))
  if (words !== '') return words.slice(0, 80).replace(/-+$/, '')
  return `tool-${name.replaceAll(/[^0-9]+/g, '-')}`.slice(0, 80).replace(/-+$/, '')
}

/** Names that a person could take for each other: only case, separators, `0`/`o`, `1`/`l`/`i` or `m`/`rn` differ. */
export function lookAlikes(names: readonly string[]): readonly (readonly string[])[] {
  return [...Map.groupBy(names, skeleton).values()].filter((group) => group.length > 1)
}
