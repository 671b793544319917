import type { Argument, ArgumentType } from '../../schemas/index.ts'
import type { AnswerOf } from '../server/operation-types.ts'

/** Of what is behind it, those who do not administer are told nothing: `upstream`, `connection` and `server` are null then. */
export type ResourceJson = AnswerOf<'GET', '/resources'>['resources'][number]
export type ShownResourceJson = AnswerOf<'GET', '/resources/:name'>
export type ActionJson = ShownResourceJson['actions'][number]

/** `order_id: string`, `limit?: integer 1…100`, `status?: placed | paid`. */
export function argumentInWords({ name, nullable, required, type }: Argument): string {
  return `${name}${required && !nullable ? '' : '?'}: ${typeInWords(type)}`
}

const MAX_CHOICES = 4

function typeInWords(type: ArgumentType): string {
  switch (type.kind) {
    case 'untyped':
      return 'untyped'
    case 'set':
      return `${typeInWords(type.items)}[]`
    case 'record':
      return `{ ${type.fields.map(({ name }) => name).join(', ')}${type.open ? ', …' : ''} }`
    case 'boolean':
    case 'datetime':
      return type.kind
    default: {
      if (type.enum) {
        const more = type.enum.length > MAX_CHOICES ? ' | …' : ''
        return type.enum.slice(0, MAX_CHOICES).join(' | ') + more
      }
      return [type.kind, rangeInWords(type)].filter((part) => part !== '').join(' ')
    }
  }
}

function rangeInWords(type: Exclude<ArgumentType, { kind: 'untyped' }>): string {
  if (type.kind !== 'integer' && type.kind !== 'decimal') return ''
  const least = type.minimum ?? (type.exclusiveMinimum && `>${type.exclusiveMinimum}`)
  const most = type.maximum ?? (type.exclusiveMaximum && `<${type.exclusiveMaximum}`)
  if (least !== undefined && most !== undefined) return `${least}…${most}`
  if (least !== undefined) return least.startsWith('>') ? least : `≥${least}`
  if (most !== undefined) return most.startsWith('<') ? most : `≤${most}`
  return ''
}
