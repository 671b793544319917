import { readCompact, readObject } from '../../platform/jose/index.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import {
  type Connection,
  type ConnectionParts,
  connectionPlace,
  isCredential,
  isCredentialHeader,
} from './connection.ts'
import {
  insertConnection,
  replaceSealed,
  selectConnection,
  selectSealed,
  updateExpiry,
} from './connection-store.ts'

/** Earliest and latest end that is taken for one: the years 2000 to 2100, in seconds. */
const EARLIEST = Date.UTC(2000, 0) / 1_000
const LATEST = Date.UTC(2100, 0) / 1_000

/**
 * Keeps a credential for an upstream, sealed with the master key. It is never returned again. Where the caller does not say when it
 * expires, the credential itself may.
 * @throws Problem `connection.bad`, `connection.exists`
 */
export async function addConnection(
  parts: ConnectionParts,
  given: {
    readonly name: string
    readonly kind: 'bearer'
    /** Default `authorization`. */
    readonly header?: string
    readonly secret: Secret
    /** Epoch milliseconds. */
    readonly expiresAt?: number | undefined
    readonly by: string
  },
): Promise<Connection> {
  const { name, kind, secret, by } = given
  const header = (given.header ?? 'authorization').toLowerCase()
  if (!isName(name))
    throw badConnection(`\`${name}\` is not a name: lower-case letters, digits and hyphens`)
  if (!isCredentialHeader(header))
    throw badConnection(`\`${header}\` is not a header that carries a credential`)
  checkCredential(secret)
  const expiresAt = expiryOf(parts, given)
  const createdAt = parts.clock.now()
  const connection: Connection = { name, kind, header, createdAt, replacedAt: null, expiresAt }
  const sealed = parts.master.seal(secret.reveal(), connectionPlace(connection))
  await parts.storage.transaction(async (tx) => {
    if (!(await insertConnection(tx, { ...connection, sealed }))) {
      throw new Problem('connection.exists', `there is a connection \`${name}\` already`)
    }
    await parts.ledger.append(tx, {
      type: 'connection.added',
      by,
      facts: { connection: name, kind, header, ...expiryFact(expiresAt) },
    })
  })
  return connection
}

/**
 * Puts another credential in the place of the one that is there; calls that begin afterwards get it.
 * @throws Problem `connection.bad`, `connection.unknown`
 */
export async function replaceCredential(
  parts: ConnectionParts,
  given: {
    readonly name: string
    readonly secret: Secret
    /** Epoch milliseconds. The expiry of an earlier credential does not hold for this one. */
    readonly expiresAt?: number | undefined
    readonly by: string
  },
): Promise<Connection> {
  const { name, secret, by } = given
  checkCredential(secret)
  const expiresAt = expiryOf(parts, given)
  return parts.storage.lanes.revocation.transaction(async (tx) => {
    const before = await selectSealed(tx, name)
    if (!before) throw unknownConnection(name)
    const { sealed: _, ...known } = before
    const after: Connection = { ...known, replacedAt: parts.clock.now(), expiresAt }
    const sealed = parts.master.seal(secret.reveal(), connectionPlace(after))
    if (!(await replaceSealed(tx, { ...after, sealed }))) throw unknownConnection(name)
    const facts = { connection: name, ...expiryFact(expiresAt) }
    await parts.ledger.append(tx, { type: 'connection.replaced', by, facts })
    return after
  })
}

/**
 * Notes when the credential that is there expires; `null`: not known.
 * @throws Problem `connection.bad`, `connection.unknown`
 */
export async function setExpiry(
  parts: ConnectionParts,
  given: { readonly name: string; readonly expiresAt: number | null; readonly by: string },
): Promise<Connection> {
  const { name, expiresAt, by } = given
  if (expiresAt !== null) requireAhead(parts, expiresAt)
  return parts.storage.transaction(async (tx) => {
    if (!(await updateExpiry(tx, name, expiresAt))) throw unknownConnection(name)
    const facts = { connection: name, ...expiryFact(expiresAt) }
    await parts.ledger.append(tx, { type: 'connection.expiry_set', by, facts })
    const after = await selectConnection(tx, name)
    if (!after) throw unknownConnection(name)
    return after
  })
}

export function unknownConnection(name: string): Problem {
  return new Problem('connection.unknown', `there is no connection \`${name}\``)
}

function badConnection(detail: string): Problem {
  return new Problem('connection.bad', detail)
}

/** Time that an administrator gave; otherwise that of the credential itself. @throws Problem `connection.bad` */
function expiryOf(
  parts: Pick<ConnectionParts, 'clock'>,
  { expiresAt, secret }: { readonly expiresAt?: number | undefined; readonly secret: Secret },
): number | null {
  if (expiresAt === undefined) return statedExpiry(secret) ?? null
  requireAhead(parts, expiresAt)
  return expiresAt
}

function requireAhead({ clock }: Pick<ConnectionParts, 'clock'>, expiresAt: number): void {
  if (!(expiresAt > clock.now())) throw badConnection('the time at which it expires is not ahead')
}

function expiryFact(expiresAt: number | null): { readonly expires_at?: string } {
  return expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() }
}

/** INVARIANT: the message reveals nothing of the credential. */
function checkCredential(secret: Secret): void {
  if (!isCredential(secret.reveal())) {
    throw badConnection(
      'the credential is not 1 to 8192 printable ASCII characters without spaces at its ends',
    )
  }
}

/**
 * Reads when a credential expires, in epoch milliseconds, if it is a JWT that says so (`exp`); `undefined`: it does not. Nothing
 * is verified, and nothing else is read: it is a credential of another system, and what it says decides nothing.
 */
export function statedExpiry(secret: Secret): number | undefined {
  try {
    const { exp } = readObject(readCompact(secret.reveal()).payload, 'claims')
    return typeof exp === 'number' && exp >= EARLIEST && exp < LATEST
      ? Math.floor(exp * 1_000)
      : undefined
  } catch {
    // Not a JWT. INVARIANT: no message says what the credential is.
    return undefined
  }
}
