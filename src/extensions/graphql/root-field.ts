import type { ArgumentField, ArgumentSchema } from '@remit/engine'
import type { GraphQLArgument, GraphQLField } from 'graphql'
import { fieldsSchema } from '../../catalog/argument-types/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { legible } from '../../platform/lib/text/visible.ts'
import { ArgumentReader } from './argument-type.ts'
import { NAMED, SELECTED } from './operation.ts'

/** The arguments of a root field, and those that every operation has. A name that both want is the field's. */
export function rootFieldArguments(args: readonly GraphQLArgument[]): ArgumentSchema {
  const own = new ArgumentReader().fieldsOf(args)
  const extra = ofEveryOperation(new Set(own.map(({ name }) => name)))
  const { arguments: all, body } = fieldsSchema([...own, ...extra], false)
  return {
    arguments: all.map((each) => ({ ...each, wire: WIRE.get(each.name) ?? each.wire })),
    body: { ...body, required: true },
  }
}

const WIRE: ReadonlyMap<string, string> = new Map([
  ['selected_fields', SELECTED],
  ['operation_name', NAMED],
])

/** Arguments that every operation has. */
function ofEveryOperation(taken: ReadonlySet<string>): readonly ArgumentField[] {
  const text = { kind: 'string' } as const
  const extraField = (
    name: string,
    field: Omit<ArgumentField, 'name' | 'nullable'>,
  ): ArgumentField => ({
    ...{ name: taken.has(name) ? `${name}_` : name, nullable: false },
    ...field,
  })
  return [
    extraField('selected_fields', { required: true, type: { kind: 'set', items: text } }),
    extraField('operation_name', { required: false, type: text }),
  ]
}

/** The definition of a root field, as it is reviewed. */
export function describe({
  args,
  description,
  name,
  type,
}: GraphQLField<unknown, unknown>): string {
  const words = legible(description ?? '').text.slice(0, 8_192)
  const given = args.map((each) => `${each.name}: ${each.type}`).join(', ')
  return canonicalJson({ field: `${name}(${given}): ${type}`, description: words })
}
