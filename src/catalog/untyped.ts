import type { ArgumentSchema, ArgumentType, Untyped } from './argument.ts'

const FURTHER = 'the document allows further members here'

/** Everything in a schema that bounds and policies cannot see, with the reason. Pointers lead into the typed arguments. */
export function untypedParts(schema: ArgumentSchema): readonly Untyped[] {
  const found: Untyped[] = []
  for (const { name, type } of schema.arguments) collect(type, `/${name}`, found)
  if (schema.body.open) found.push({ at: '/*', reason: FURTHER })
  return found
}

function collect(type: ArgumentType, at: string, found: Untyped[]): void {
  if (type.kind === 'untyped') found.push({ at, reason: type.reason })
  if (type.kind === 'set') collect(type.items, `${at}/*`, found)
  if (type.kind !== 'record') return
  for (const field of type.fields) collect(field.type, `${at}/${field.name}`, found)
  if (type.open) found.push({ at: `${at}/*`, reason: FURTHER })
}
