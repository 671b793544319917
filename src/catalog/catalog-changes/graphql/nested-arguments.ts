import { type GraphQLSchema, getNamedType, isInterfaceType, isObjectType } from 'graphql'

/** Names of the output types from which a field with arguments can be reached. */
export function fieldsWithArguments(schema: GraphQLSchema): ReadonlySet<string> {
  const leadTo = new Map<string, string[]>()
  const found: string[] = []
  const lead = (from: string, to: string) => leadTo.set(to, [...(leadTo.get(to) ?? []), from])
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    const isFields = isObjectType(type) || isInterfaceType(type)
    for (const field of isFields ? Object.values(type.getFields()) : []) {
      if (field.args.length > 0) found.push(type.name)
      lead(type.name, getNamedType(field.type).name)
    }
    if ('getTypes' in type) for (const each of type.getTypes()) lead(type.name, each.name)
    if (isInterfaceType(type))
      for (const each of schema.getPossibleTypes(type)) lead(type.name, each.name)
  }
  const reached = new Set(found)
  for (const name of reached) for (const from of leadTo.get(name) ?? []) reached.add(from)
  return reached
}
