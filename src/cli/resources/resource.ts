import type { Argument, ArgumentType } from '../../catalog/index.ts'

/** A resource as the management API shows it. */
export interface ResourceJson {
  readonly name: string
  readonly title: string
  readonly identifier: string
  readonly mode: string
  /** Of what is behind it, those who do not administer are told nothing: all three are null then. */
  readonly upstream: string | null
  readonly trusted: boolean
  readonly connection: string | null
  readonly protocol: string
  readonly server: { readonly name: string; readonly version: string } | null
  readonly mappings_trusted: boolean
  readonly tokens: { readonly form: 'jwt' | 'opaque'; readonly subjects: 'public' | 'pairwise' }
  readonly status: string
}

export interface ShownResourceJson extends ResourceJson {
  readonly actions: readonly ActionJson[]
}

export interface ActionJson {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly access: string
  readonly risk: string
  readonly risk_proposed: boolean
  readonly sentence: string
  readonly counterparty?: string | null
  readonly size?: string | null
  readonly arguments: { readonly arguments: readonly Argument[] }
  readonly untyped: readonly { readonly at: string; readonly reason: string }[]
  readonly quarantined: boolean
}

/** `order_id: string`, `limit?: integer 1…100`, `status?: placed | paid`. */
export function argumentInWords({ name, nullable, required, type }: Argument): string {
  return `${name}${required && !nullable ? '' : '?'}: ${typeInWords(type)}`
}

const MOST_CHOICES = 4

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
        const more = type.enum.length > MOST_CHOICES ? ' | …' : ''
        return type.enum.slice(0, MOST_CHOICES).join(' | ') + more
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
