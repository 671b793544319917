import type { RecordType } from './argument.ts'
import { nameCounter, PLAIN } from './counted-work.ts'
import { plainLetters } from './letter-twins.ts'
import { type ArgumentMisfit, memberAt, refuse } from './refusal.ts'

/** Characters that readers drop or stop at, and that no name of an API has. */
const UNSEEN = /[\p{Cc}\p{Default_Ignorable_Code_Point}]/gu

/**
 * The form in which lenient readers compare member names. Go's `encoding/json`, Jackson's `ACCEPT_CASE_INSENSITIVE_PROPERTIES` and
 * .NET's web defaults ignore case, each in its own way; others normalize first. Two names that any of them takes for one have the
 * same form here (Unicode's NFKC_Casefold and, coarser, the Turkish letters i).
 */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase()
  return name
    .replace(UNSEEN, '')
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('\u0307', '')
    .replaceAll('ς', 'σ')
    .normalize('NFKC')
}

/** Space at either end, which readers of forms cut off, or make a part of the name. */
const AROUND = /^\s+|\s+$/gu
/** Changes of case inside of a name: `orderId`, `HTTPServer`. */
const HUMP = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g
/** Characters that PHP reads as `_` in the name of a field, and `-`, which other readers take for it. */
const JOINTS = /[\s.\-[\]]+/gu

/** A name without what is not seen and without space around it, and with Latin letters in place of those that look like them. */
function plainName(name: string): string {
  const trimmed = name.replace(UNSEEN, '').replace(AROUND, '')
  return PLAIN.test(trimmed) ? trimmed : plainLetters(trimmed.normalize('NFKC'))
}

/**
 * The form of a plain name in the one convention that readers map others to: `orderId`, `order.id`, `order id`, `order[id` and `order-id` are
 * `order_id` (PHP, parsers of protobuf's JSON, models with aliases).
 */
function conventionalName(plain: string): string {
  return foldName(plain.replace(HUMP, '_')).replace(JOINTS, '_')
}

/**
 * Name of the field of which readers of forms take a name for a part: `amount` of `amount[]`, `amount[0]` and `amount.x`; also of
 * `[amount]` (qs, Rack), `amount]` and `[][amount]` (Rack 2).
 */
function rootName(name: string): string {
  return /^[[\].]*([^[\].]*)/.exec(name)?.[1] ?? name
}

/** A plain name in lower case without joints: names that have one convention, or one fold, have this in common. Most names have it with no other. */
function squeezedName(name: string): string {
  return name.toLowerCase().replace(/[ _.\-[\]]+/g, '')
}

interface DeclaredNames {
  readonly names: ReadonlySet<string>
  readonly forms: ReadonlySet<string>
  readonly conventional: ReadonlySet<string>
  /** All of them without joints. */
  readonly squeezed: ReadonlySet<string>
}

/** Types come from the catalog, so there are only so many. */
const DECLARED = new WeakMap<RecordType, DeclaredNames>()

function declaredBy(type: RecordType): DeclaredNames {
  const known = DECLARED.get(type)
  if (known) return known
  const names = new Set(type.fields.map(({ name }) => name))
  const forms = new Set(Array.from(names, foldName))
  const conventional = new Set(Array.from(names, (name) => conventionalName(plainName(name))))
  const squeezed = new Set(Array.from([...forms, ...conventional], squeezedName))
  const made = { names, forms, conventional, squeezed }
  DECLARED.set(type, made)
  return made
}

/**
 * Refuses an object that a lenient reader reads differently: a member that is not declared and looks like a declared one, or two
 * members that look like each other. Bounds and policies would have seen another value than the API acts on. Two declared ones
 * may look alike where a choice of objects is one type here, and each object has another of them. `as`: the fields of a form, of
 * whose names readers take brackets and points for structure.
 */
export function refuseLookAlikes(
  type: RecordType,
  names: Iterable<string>,
  at: string,
  as: 'object' | 'form' = 'object',
): ArgumentMisfit | undefined {
  const declared = declaredBy(type)
  const apart = declared.forms.size === declared.names.size
  // Of a closed object the others are refused anyway.
  if (apart && !type.open) return undefined
  const count = nameCounter(at)
  const taken = new Set<string>()
  for (const name of names) {
    const known = declared.names.has(name)
    if (known && apart) continue
    const tooMany = count(name)
    if (tooMany) return tooMany
    const form = foldName(name)
    if (taken.has(form) || (!known && isDeclared(declared, name, form, as)))
      return refuse('look_alike', memberAt(at, name), 'is too much like the name of another member')
    taken.add(form)
  }
  return undefined
}

function isDeclared(
  { conventional, forms, squeezed }: DeclaredNames,
  name: string,
  form: string,
  as: 'object' | 'form',
): boolean {
  if (forms.has(form)) return true
  const plain = PLAIN.test(name) ? name.trim() : plainName(name)
  const all = as === 'form' ? [plain, rootName(plain)] : [plain]
  const names = all.filter((each) => !PLAIN.test(each) || squeezed.has(squeezedName(each)))
  return names.some(
    (each) =>
      each !== '' && (forms.has(foldName(each)) || conventional.has(conventionalName(each))),
  )
}
