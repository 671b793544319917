import { ARGUMENT_LIMITS, type ArgumentField, type ArgumentType } from '@remit/engine'
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { isUsableName, untyped } from '../../catalog/argument-types/index.ts'

const SCALARS: Readonly<Record<string, ArgumentType>> = {
  Int: { kind: 'integer', minimum: '-2147483648', maximum: '2147483647' },
  Float: { kind: 'decimal' },
  String: { kind: 'string' },
  ID: { kind: 'string' },
  Boolean: { kind: 'boolean' },
}

/** Types of the arguments of one field, as bounds and policies see them. */
export class ArgumentReader {
  #left: number = ARGUMENT_LIMITS.fields

  fieldsOf(
    given: readonly (GraphQLArgument | GraphQLInputField)[],
    above: readonly string[] = [],
  ): readonly ArgumentField[] {
    return given.map((each) => {
      const isRequired = isNonNullType(each.type) && each.default === undefined
      const type = isUsableName(each.name)
        ? this.#typeOf(each.type, above)
        : untyped('its name cannot be written in a policy')
      return { name: each.name, required: isRequired, nullable: !isNonNullType(each.type), type }
    })
  }

  #typeOf(given: GraphQLInputType, above: readonly string[]): ArgumentType {
    if (--this.#left < 0) return untyped('the operation has too many fields')
    const type = isNonNullType(given) ? given.ofType : given
    if (isListType(type)) {
      const items = this.#typeOf(type.ofType, above)
      return items.kind === 'untyped'
        ? untyped(`of its items: ${items.reason}`)
        : { kind: 'set', items }
    }
    if (isEnumType(type)) return { kind: 'string', enum: type.getValues().map(({ name }) => name) }
    if (isInputObjectType(type)) {
      if (above.includes(type.name)) return untyped('its type contains itself')
      if (above.length >= ARGUMENT_LIMITS.depth) return untyped('it is nested too deep')
      const fields = this.fieldsOf(Object.values(type.getFields()), [...above, type.name])
      return { kind: 'record', fields, open: false }
    }
    const { name } = getNamedType(type)
    return SCALARS[name] ?? untyped(`the scalar \`${name}\` can be anything`)
  }
}
