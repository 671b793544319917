import type { ArgumentSchema, ArgumentType, UntypedPart } from '@remit/engine'

const FURTHER = 'the document allows further members here'

/**
 * Lists everything in a schema that bounds and policies cannot see, with the reason. Pointers lead
 * into the typed arguments.
 */
export function untypedParts(schema: ArgumentSchema): readonly UntypedPart[] {
  const found: UntypedPart[] = []
  for (const { name, type } of schema.arguments) collect(type, `/${name}`, found)
  if (schema.body.open) found.push({ at: '/*', reason: FURTHER })
  return found
}

function collect(type: ArgumentType, at: string, found: UntypedPart[]): void {
  if (type.kind === 'untyped') found.push({ at, reason: type.reason })
  if (type.kind === 'set') collect(type.items, `${at}/*`, found)
  if (type.kind !== 'record') return
  for (const field of type.fields) collect(field.type, `${at}/${field.name}`, found)
  if (type.open) found.push({ at: `${at}/*`, reason: FURTHER })
}

/** Summary of what bounds and policies cannot see of many actions, by the reason. */
export type UntypedSummary = {
  readonly reason: string
  /** Places in all actions together. */
  readonly count: number
  /** The first few, as `orders.refund /note`. */
  readonly examples: readonly string[]
}

const MAX_EXAMPLES = 3

/** The most frequent reason first. */
export function summarizeUntyped(
  actions: readonly { readonly name: string; readonly untyped: readonly UntypedPart[] }[],
): readonly UntypedSummary[] {
  const found = new Map<string, { count: number; examples: string[] }>()
  for (const { name, untyped } of actions) {
    for (const { at, reason } of untyped) {
      const same = found.get(reason) ?? { count: 0, examples: [] }
      same.count++
      if (same.examples.length < MAX_EXAMPLES) same.examples.push(`${name} ${at}`)
      found.set(reason, same)
    }
  }
  return Array.from(found, ([reason, same]) => ({ reason, ...same })).toSorted(
    (a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1),
  )
}
