import type { RecordType } from './argument.ts'
import { type ArgumentMisfit, memberAt, refuse } from './refusal.ts'

/** Names of letters, digits and ordinary signs only: for them, lower case is the whole fold. */
const PLAIN = /^[\x20-\x7e]*$/

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

interface DeclaredNames {
  readonly names: ReadonlySet<string>
  readonly forms: ReadonlySet<string>
}

/** Types come from the catalog, so there are only so many. */
const DECLARED = new WeakMap<RecordType, DeclaredNames>()

function declaredBy(type: RecordType): DeclaredNames {
  const known = DECLARED.get(type)
  if (known) return known
  const names = new Set(type.fields.map(({ name }) => name))
  const made = { names, forms: new Set(Array.from(names, foldName)) }
  DECLARED.set(type, made)
  return made
}

/**
 * Refuses an object that a lenient reader reads differently: a member that is not declared and looks like a declared one, or two
 * members that look like each other. Bounds and policies would have seen another value than the API acts on. Two declared ones
 * may look alike where a choice of objects is one type here, and each object has another of them.
 */
export function refuseLookAlikes(
  type: RecordType,
  names: Iterable<string>,
  at: string,
): ArgumentMisfit | undefined {
  const declared = declaredBy(type)
  const apart = declared.forms.size === declared.names.size
  // Of a closed object the others are refused anyway.
  if (apart && !type.open) return undefined
  const taken = new Set<string>()
  for (const name of names) {
    const known = declared.names.has(name)
    if (known && apart) continue
    const form = foldName(name)
    if (taken.has(form) || (!known && declared.forms.has(form)))
      return refuse('look_alike', memberAt(at, name), 'is too much like the name of another member')
    taken.add(form)
  }
  return undefined
}
