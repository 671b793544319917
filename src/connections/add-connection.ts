import { isName } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import type { Secret } from '../lib/secret.ts'
import {
  associatedData,
  type Connection,
  type ConnectionParts,
  isCredential,
  isCredentialHeader,
} from './connection.ts'
import { insertConnection, replaceSealed, selectSealed } from './connection-store.ts'

/**
 * Keeps a credential for an upstream, sealed with the master key. It is never returned again.
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
    readonly by: string
  },
): Promise<Connection> {
  const { name, kind, secret, by } = given
  const header = (given.header ?? 'authorization').toLowerCase()
  if (!isName(name)) throw bad(`\`${name}\` is not a name: lower-case letters, digits and hyphens`)
  if (!isCredentialHeader(header))
    throw bad(`\`${header}\` is not a header that carries a credential`)
  checkCredential(secret)
  const connection: Connection = { name, kind, header, createdAt: parts.clock.now() }
  const sealed = parts.master.seal(secret.reveal(), associatedData(connection))
  await parts.storage.transaction(async (tx) => {
    if (!(await insertConnection(tx, { ...connection, sealed }))) {
      throw new Problem('connection.exists', `there is a connection \`${name}\` already`)
    }
    await parts.ledger.append(tx, {
      type: 'connection.added',
      by,
      facts: { connection: name, kind, header },
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
  given: { readonly name: string; readonly secret: Secret; readonly by: string },
): Promise<void> {
  const { name, secret, by } = given
  checkCredential(secret)
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    const known = await selectSealed(tx, name)
    const sealed = known && parts.master.seal(secret.reveal(), associatedData(known))
    if (!sealed || !(await replaceSealed(tx, name, sealed))) throw unknown(name)
    await parts.ledger.append(tx, { type: 'connection.replaced', by, facts: { connection: name } })
  })
}

export function unknown(name: string): Problem {
  return new Problem('connection.unknown', `there is no connection \`${name}\``)
}

function bad(detail: string): Problem {
  return new Problem('connection.bad', detail)
}

/** INVARIANT: says nothing about what the credential is. */
function checkCredential(secret: Secret): void {
  if (!isCredential(secret.reveal())) {
    throw bad(
      'the credential is not 1 to 8192 printable ASCII characters without spaces at its ends',
    )
  }
}
