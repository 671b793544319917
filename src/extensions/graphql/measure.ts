import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'
import { Problem } from '../../platform/lib/problem.ts'

export const MAX_DEPTH = 15
export const MAX_FIELDS = 500
export const MAX_ALIASES = 50

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** Extent of an operation with its fragments spelled out. */
export interface Extent {
  readonly aliases: number
  /** Names of the fragments that it uses. */
  readonly fragments: ReadonlySet<string>
}

/**
 * Measures an operation before anything costly looks at it, and refuses one that is too large and every directive whose effect is not
 * known here. @throws Problem `graphql.invalid`, `graphql.unsupported`
 */
export function measure(operation: OperationDefinitionNode, fragments: Fragments): Extent {
  const used = new Set<string>()
  let fields = 0
  let aliases = 0
  const walk = (
    selections: readonly SelectionNode[],
    depth: number,
    within: readonly string[],
  ): void => {
    if (depth > MAX_DEPTH) throw tooLarge(`it is nested deeper than ${MAX_DEPTH}`)
    for (const selection of selections) {
      checkDirectives(selection, depth === 1)
      // Fragments count too: many that select little cost as much as many fields.
      if (++fields > MAX_FIELDS) throw tooLarge(`it selects more than ${MAX_FIELDS} fields`)
      if (selection.kind === Kind.FIELD) {
        if (selection.alias && ++aliases > MAX_ALIASES)
          throw tooLarge(`it has more than ${MAX_ALIASES} aliases`)
        walk(selection.selectionSet?.selections ?? [], depth + 1, within)
        continue
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet.selections, depth, within)
        continue
      }
      const name = selection.name.value
      const fragment = fragments.get(name)
      if (!fragment || within.includes(name))
        throw new Problem('graphql.invalid', 'a fragment is not defined, or contains itself')
      checkDirectives(fragment, true)
      used.add(name)
      walk(fragment.selectionSet.selections, depth, [...within, name])
    }
  }
  checkDirectives(operation, true)
  for (const definition of operation.variableDefinitions ?? []) checkDirectives(definition, true)
  walk(operation.selectionSet.selections, 1, [])
  return { aliases, fragments: used }
}

/** Directives that leave fields out. At the root they would leave out decided fields. */
const KNOWN: ReadonlySet<string> = new Set(['skip', 'include'])

function checkDirectives(
  { directives = [] }: Pick<SelectionNode, 'directives'>,
  isRoot: boolean,
): void {
  const unknown = directives.find(({ name }) => isRoot || !KNOWN.has(name.value))
  if (!unknown) return
  throw new Problem(
    'graphql.unsupported',
    isRoot
      ? 'directives are taken below the root fields only'
      : `the directive \`@${unknown.name.value.slice(0, 64)}\` is not taken: only \`@skip\` and \`@include\` are`,
  )
}

function tooLarge(why: string): Problem {
  return new Problem('graphql.unsupported', `the operation is too large: ${why}`)
}
