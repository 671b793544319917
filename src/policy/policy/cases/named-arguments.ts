import type { TypedArguments } from '@remit/engine'
import { SchemaTypes } from '../impossible/schema-types.ts'
import { caseArguments, type FillMode, filledArguments, missingArguments } from './case-value.ts'
import { BadFile, type Members, type YamlTree } from './tree.ts'

/** Arguments as they were written down, by name: texts, or JSON where they are more. */
export type GivenByName = { readonly [name: string]: GivenValue }
export type GivenValue =
  | string
  | number
  | boolean
  | null
  | readonly GivenValue[]
  | { readonly [name: string]: GivenValue }

export type NamedArguments =
  | {
      readonly ok: true
      readonly arguments: TypedArguments
      /** Names of those that the action needs, and that are not given. */
      readonly missing: readonly string[]
      /**
       * Fills something in the place of those. Where both fillings are answered the same, they do
       * not matter.
       */
      filled(filling: FillMode): TypedArguments
    }
  | { readonly ok: false; readonly detail: string }

/** Types them by the schema of the action, as policies see them. */
export function argumentsByName(
  schema: string,
  action: string,
  given: GivenByName,
): NamedArguments {
  const types = new SchemaTypes(schema).of(action)
  if (!types) return { ok: false, detail: `there is no action \`${action}\`` }
  try {
    const typed = caseArguments(asTree(given), types.args)
    return {
      ok: true,
      arguments: typed,
      missing: missingArguments(typed, types.args),
      filled: (filling) => filledArguments(typed, types.args, filling),
    }
  } catch (error) {
    if (!(error instanceof BadFile)) throw error
    const { help, message } = error
    return { ok: false, detail: help === undefined ? message : `${message}; ${help}` }
  }
}

function asTree(given: GivenByName): Members {
  const members = Object.entries(given).map(([name, value]) => [name, treeOf(value)] as const)
  return { is: 'map', line: 0, members: new Map(members) }
}

function treeOf(value: GivenValue): YamlTree {
  if (value === null) return { is: 'nothing', line: 0 }
  if (typeof value === 'object')
    return isGivenList(value) ? { is: 'list', line: 0, items: value.map(treeOf) } : asTree(value)
  return { is: 'text', line: 0, text: String(value), plain: typeof value !== 'string' }
}

/** `Array.isArray` does not narrow read-only arrays. */
function isGivenList(value: object): value is readonly GivenValue[] {
  return Array.isArray(value)
}
