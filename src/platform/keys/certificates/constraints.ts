import type { Certificate, GeneralName, RelativeDistinguishedNames } from 'pkijs'
import { parsedExtension, untrustedCertificate } from './extension.ts'
import { bytesIn, GENERAL_NAME } from './names.ts'

const NAME_CONSTRAINTS = '2.5.29.30'
const SUBJECT_ALT_NAME = '2.5.29.17'
/** Maximum comparisons of names with constraints in one path: each is compared with each. */
const MAX_COMPARISONS = 10_000
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

type Name = Pick<GeneralName, 'type'> & { readonly value: unknown }

/**
 * Checks the names that each authority may give (RFC 5280 section 4.2.1.10), for everybody below
 * it. The library takes a certificate for permitted when one of its names is permitted, and a name
 * that an authority below permits for permitted above.
 * INVARIANT: every name is within what every authority above permits, and no authority permits what
 * the one above it does not. A name that cannot be compared here is not within.
 * @throws Problem `certificate.not_trusted`
 */
export function checkConstraints(path: readonly Certificate[]): void {
  let comparisons = 0
  for (const [i, authority] of path.entries()) {
    const constraints = parsedExtension(authority, NAME_CONSTRAINTS)
    if (!constraints) continue
    const permitted = basesOf(constraints, 'permittedSubtrees')
    const excluded = basesOf(constraints, 'excludedSubtrees')
    const names = path.slice(0, i).flatMap(namesIn)
    comparisons += names.length * (permitted.length + excluded.length)
    if (comparisons > MAX_COMPARISONS)
      throw untrustedCertificate(
        `its names and constraints take more than ${MAX_COMPARISONS} comparisons`,
      )
    for (const name of names) {
      const outside = permitted.filter(({ type }) => type === name.type)
      const permits = outside.length === 0 || outside.some((base) => isWithin(name, base) === true)
      const excludes = excluded.some((base) => isWithin(name, base) !== false)
      if (!permits || excludes) throw untrustedCertificate('an authority may not give such a name')
    }
  }
}

function basesOf(constraints: object, which: string): readonly Name[] {
  const subtrees: unknown = Reflect.get(constraints, which)
  if (subtrees === undefined) return []
  if (!Array.isArray(subtrees)) throw untrustedCertificate('its name constraints cannot be read')
  return subtrees.map(({ base }: { base: Name }) => base)
}

/**
 * Names of a certificate: its alternative names, its subject, and e-mail addresses in the subject.
 */
function namesIn(certificate: Certificate): readonly Name[] {
  const { subject } = certificate
  const found = parsedExtension(certificate, SUBJECT_ALT_NAME)
  const beside: unknown = found ? Reflect.get(found, 'altNames') : []
  if (!Array.isArray(beside)) throw untrustedCertificate('its names cannot be read')
  const addresses = subject.typesAndValues.filter(({ type }) => type === EMAIL_ADDRESS)
  return [
    ...beside,
    ...addresses.map(({ value }) => ({ type: GENERAL_NAME.email, value: value.valueBlock.value })),
    ...(subject.typesAndValues.length > 0
      ? [{ type: GENERAL_NAME.directory, value: subject }]
      : []),
  ]
}

/** Checks whether a name is within a base; `undefined`: cannot be compared. */
function isWithin(name: Name, base: Name): boolean | undefined {
  if (name.type !== base.type) return false
  const [one, other] = [name.value, base.value]
  if (name.type === GENERAL_NAME.directory) return isBelow(one, other)
  if (name.type === GENERAL_NAME.ip) return isAddressIn(bytesIn(one), bytesIn(other))
  if (typeof one !== 'string' || typeof other !== 'string') return undefined
  const [text, within] = [one.toLowerCase(), other.toLowerCase()]
  switch (name.type) {
    case GENERAL_NAME.dns:
      return isHostIn(text, within, true)
    case GENERAL_NAME.email:
      return isMailIn(text, within)
    case GENERAL_NAME.uri:
      return isHostIn(hostOf(text), within, false)
    default:
      return undefined
  }
}

/**
 * Checks whether a host is within a domain. A leading dot means hosts below; without one, `below`
 * says whether they are meant, too.
 */
function isHostIn(host: string | undefined, within: string, below: boolean): boolean | undefined {
  // With a dot at its end, or an empty part, it is written like none.
  if (host === undefined || /^\.|\.\.|\.$/.test(host)) return undefined
  if (within === '') return true
  if (within.startsWith('.')) return host.endsWith(within)
  return host === within || (below && host.endsWith(`.${within}`))
}

function isMailIn(address: string, within: string): boolean | undefined {
  const [, host, more] = address.split('@')
  if (host === undefined || more !== undefined) return undefined
  return within.includes('@') ? address === within : isHostIn(host, within, false)
}

/** Host of a URI (RFC 3986 section 3.2); an address in brackets is no host name. */
function hostOf(uri: string): string | undefined {
  const [, host] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(uri) ?? []
  return host
}

function isAddressIn(
  address: Uint8Array | undefined,
  within: Uint8Array | undefined,
): boolean | undefined {
  if (!address || !within || within.length % 2 !== 0) return undefined
  const size = within.length / 2
  if (address.length !== size) return false
  return address.every(
    (byte, i) =>
      (byte & byteAt(within, size + i)) === (byteAt(within, i) & byteAt(within, size + i)),
  )
}

function byteAt(bytes: Uint8Array, i: number): number {
  return bytes[i] ?? 0
}

/** Checks whether a subject begins with another and so is within it (section 7.1). */
function isBelow(one: unknown, other: unknown): boolean | undefined {
  const [parts, within] = [partsOf(one), partsOf(other)]
  if (!parts || !within) return undefined
  return within.every((part, i) => parts[i]?.isEqual(part) === true)
}

function partsOf(name: unknown): RelativeDistinguishedNames['typesAndValues'] | undefined {
  const { typesAndValues }: { typesAndValues?: unknown } = Object(name)
  return Array.isArray(typesAndValues) ? typesAndValues : undefined
}
