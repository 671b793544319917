import type {
  ArgumentField,
  ArgumentSchema,
  ArgumentType,
  TypedArguments,
  TypedValue,
} from '@remit/engine'
import { memberPointer, unescaped } from '../../platform/lib/json-pointer.ts'
import { isReadableLine } from '../../platform/lib/text/hidden.ts'
import { isCurrency, minorAmount } from '../../platform/lib/text/numbers.ts'
import { quoted } from '../../platform/lib/text/visible.ts'
import { kindAt } from './catalog.ts'
import type { Action } from './resource.ts'

/**
 * Way in which people are shown an argument. Written as text in the catalog: `currency:EUR`, `currency:/currency:minor`, `unit:kg`,
 * `date`, `person`, `link`, `link:shop.example`. `*` in its pointer stands for every member of a list.
 */
export type Display =
  | { readonly kind: 'date' | 'person' }
  /** `code`: ISO 4217, or a pointer to the argument that has it. `minor`: the number counts cents. */
  | { readonly kind: 'currency'; readonly code: string; readonly minor: boolean }
  | { readonly kind: 'unit'; readonly unit: string }
  /** `host`: the one host, over https, to which a page makes it a link. */
  | { readonly kind: 'link'; readonly host: string | undefined }

const CURRENCY = /^currency:(?<code>[A-Z]{3}|\/.{1,200}?)(?<minor>:minor)?$/
const UNIT = /^unit:(?<unit>[\p{L}%°µ][\p{L}\p{N}%°µ/²³ ]{0,19})$/u
const LINK = /^link(?::(?<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+))?$/

/** `undefined`: the text says no display. */
export function readDisplay(text: string): Display | undefined {
  if (text === 'date' || text === 'person') return { kind: text }
  const currency = CURRENCY.exec(text)?.groups
  if (currency)
    return { kind: 'currency', code: currency.code ?? '', minor: currency.minor !== undefined }
  const unit = UNIT.exec(text)?.groups?.unit
  if (unit !== undefined && isReadableLine(unit)) return { kind: 'unit', unit }
  const link = LINK.exec(text)
  return link ? { kind: 'link', host: link.groups?.host } : undefined
}

const KINDS = {
  currency: ['decimal', 'integer'],
  unit: ['decimal', 'integer'],
  date: ['datetime', 'string'],
  person: ['string', 'integer'],
  link: ['string'],
} as const satisfies Record<Display['kind'], readonly string[]>

/** Mistake in how an argument shall be shown, in words; `undefined` when it can be shown so. */
export function displayMistake(
  action: Pick<Action, 'arguments'>,
  path: string,
  text: string,
): string | undefined {
  const display = readDisplay(text)
  if (!display) return 'it is none of `currency:EUR`, `unit:kg`, `date`, `person` and `link`'
  const kind = kindAt(action, path, { inLists: true })
  const fit: readonly string[] = KINDS[display.kind]
  if (kind === undefined || !fit.includes(kind))
    return `it does not lead to an argument that is ${fit.join(' or ')}`
  if (display.kind !== 'currency') return undefined
  if (display.minor && kind !== 'integer') return 'minor units are counted by an integer'
  const { code } = display
  if (code.startsWith('/')) {
    if (!isBeside(code, path)) return 'the currency comes from a member of another list'
    return kindAt(action, code, { inLists: true }) === 'string'
      ? undefined
      : 'the currency does not come from an argument that is a string'
  }
  return isCurrency(code) ? undefined : `there is no currency ${code}`
}

/** Tells whether each `*` of a pointer stands for the same member as in the other one. */
function isBeside(pointer: string, other: string): boolean {
  const tokens = pointer.split('/')
  const shared = tokens.slice(0, tokens.lastIndexOf('*') + 1)
  const others = other.split('/')
  return shared.every((token, i) => others[i] === token)
}

/** An amount with its currency, where both are known. */
export interface Amount {
  /** Exact decimal text, in the currency's main unit. */
  readonly text: string
  readonly code: string
}

/** Reads the amount that an argument states. `codeAt`: text of another argument. */
export function displayAmount(
  { code, minor }: Extract<Display, { kind: 'currency' }>,
  text: string,
  codeAt: (path: string) => string | undefined,
): Amount | undefined {
  const known = (code.startsWith('/') ? codeAt(code) : code)?.toUpperCase()
  if (known === undefined || !isCurrency(known)) return undefined
  return { code: known, text: minor ? minorAmount(text, known) : text }
}

/** Place of a value: its pointer, with `*` for members of lists, and the index that each `*` has there. */
export interface ValuePlace {
  readonly path: string
  readonly indices: readonly number[]
}

/**
 * A value as a sentence has it, in the same words for every reader: `900.00 EUR`, `5 kg`. `undefined`: as any other value.
 * INVARIANT: digits stay as they were sent.
 */
export function displayedValue(
  { arguments: schema, displays }: DisplayedAction,
  { indices, path }: ValuePlace,
  value: TypedValue,
  args: TypedArguments,
): string | undefined {
  const stated = displays?.[path]
  const display = stated === undefined ? undefined : readDisplay(stated)
  if (!display || !('text' in value)) return undefined
  const codeAt = (at: string) => {
    const code = memberAt(args, memberPointer(at, indices))
    return code?.kind === 'string' ? code.value : undefined
  }
  const known = withUnit(display, value.text, codeAt)
  if (known !== undefined || display.kind !== 'currency') return known
  const code = codeAt(display.code)
  const fallback =
    code === undefined && schema ? currencyByDefault(schema, display.code) : undefined
  const amount = fallback && withUnit(display, value.text, () => fallback)
  if (amount) return `${amount} (by default)`
  return `${value.text} ${code === undefined ? '(no currency given)' : quoted(code)}`
}

/** Action whose values are shown; its arguments say what the API takes where a currency is not given. */
export type DisplayedAction = Pick<Action, 'displays'> & Partial<Pick<Action, 'arguments'>>

/** Currency that the API takes where the argument at a pointer is not given; `undefined`: it says none. */
export function currencyByDefault(schema: ArgumentSchema, pointer: string): string | undefined {
  let field: ArgumentField | undefined
  let type: ArgumentType | undefined
  for (const name of pointer.split('/').slice(1).map(unescaped)) {
    if (name === '*' && type?.kind === 'set') {
      type = type.items
      continue
    }
    const fields: readonly ArgumentField[] =
      type === undefined ? schema.arguments : type.kind === 'record' ? type.fields : []
    field = fields.find((each) => each.name === name)
    if (!field) return undefined
    type = field.type
  }
  // What `null` means to the API, its default does not say.
  return type?.kind === 'string' && !field?.nullable ? type.default : undefined
}

/** The value at a pointer, through lists too. */
function memberAt(args: TypedArguments, pointer: string): TypedValue | undefined {
  const [first = '', ...rest] = pointer.split('/').slice(1).map(unescaped)
  let found = args.get(first)
  for (const token of rest) {
    if (found?.kind === 'set') found = found.items[Number(token)]
    else found = found?.kind === 'record' ? found.fields.get(token) : undefined
  }
  return found
}

/** A limit of an argument with its unit, where every call has the same: `1000.00 EUR`. */
export function displayedLimit(
  { displays }: Pick<Action, 'displays'>,
  path: string,
  limit: string,
): string | undefined {
  const display = readDisplay(displays?.[path] ?? '')
  return display && withUnit(display, limit, () => undefined)
}

function withUnit(
  display: Display,
  text: string,
  codeAt: (path: string) => string | undefined,
): string | undefined {
  if (display.kind === 'unit') return `${text} ${display.unit}`
  const amount = display.kind === 'currency' ? displayAmount(display, text, codeAt) : undefined
  return amount && `${amount.text} ${amount.code}`
}
