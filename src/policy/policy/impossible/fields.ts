import type { LimitedAction } from './limits.ts'
import { type RecordType, SchemaTypes, type ValueType } from './schema-types.ts'

/** Fields of the contexts of actions, by the paths that rules write. */
export class ContextFields {
  readonly #types: SchemaTypes

  constructor(schema: string) {
    this.#types = new SchemaTypes(schema)
  }

  /**
   * Tells whether an action has something at a path: `context.args.to.country`,
   * `context.args.tags[]`.
   */
  has({ block, name }: Pick<LimitedAction, 'block' | 'name'>, path: string): boolean {
    const parts = partsOf(path)
    // Reading the types of an action takes a while; most do not have the name at all.
    const plain = parts.every((part) => part === '[]' || part === 'context' || block.includes(part))
    if (!plain && parts[1] === 'args') return false
    return this.#at(name, parts) !== undefined
  }

  /** Names of the members at a path that is a record. */
  names(action: string, path: string): readonly string[] {
    const found = this.#at(action, partsOf(path))
    return found?.is === 'Record' ? [...found.members.keys()] : []
  }

  #at(name: string, [root, ...parts]: readonly string[]): ValueType | undefined {
    const types = this.#types.of(name)
    if (root !== 'context' || !types) return undefined
    const members = new Map(types.context.members)
    members.set('args', { type: types.args, required: true })
    const context: RecordType = { is: 'Record', members }
    return parts.reduce<ValueType | undefined>(member, context)
  }
}

function partsOf(path: string): readonly string[] {
  return path.replaceAll('[]', '.[]').split('.')
}

function member(type: ValueType | undefined, name: string): ValueType | undefined {
  if (name === '[]') return type?.is === 'Set' ? type.of : undefined
  return type?.is === 'Record' ? type.members.get(name)?.type : undefined
}
