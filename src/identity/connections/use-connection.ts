import { listResources } from '../../catalog/catalog/index.ts'
import { setConnection } from '../../catalog/catalog-changes/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { unknownConnection } from './add-connection.ts'
import { type ConnectionParts, connectionPlace } from './connection.ts'
import { deleteConnection, selectConnections, selectSealed } from './connection-store.ts'

/** Header of the request to the upstream that carries the credential, and its whole value. */
export interface UpstreamCredential {
  readonly header: string
  readonly value: Secret
}

/**
 * The credential of a connection, for the one request that is about to be sent. Open it as late as possible and keep it nowhere.
 * @throws Problem `connection.unknown`, `keys.cannot_open`
 */
export async function credentialFor(
  parts: Pick<ConnectionParts, 'storage' | 'master'>,
  name: string,
): Promise<UpstreamCredential> {
  const connection = await selectSealed(parts.storage.read, name)
  if (!connection) throw unknownConnection(name)
  const { header, sealed } = connection
  const secret = Buffer.from(parts.master.open(sealed, connectionPlace(connection))).toString()
  return { header, value: new Secret(header === 'authorization' ? `Bearer ${secret}` : secret) }
}

/**
 * Calls to a resource get this connection's credential from now on, or none.
 * @throws Problem `connection.unknown`, `catalog.unknown_resource`, `catalog.changed`
 */
export async function connectResource(
  parts: ConnectionParts,
  change: {
    readonly resource: string
    readonly connection: string | undefined
    readonly by: string
  },
): Promise<void> {
  const { resource, connection, by } = change
  if (connection !== undefined) await requireConnection(parts.storage.read, connection)
  await setConnection(parts, { name: resource, connection, by })
}

/** Throws `connection.unknown`. */
export async function requireConnection(reader: Reader, name: string): Promise<void> {
  const known = await selectConnections(reader)
  if (!known.some((each) => each.name === name)) throw unknownConnection(name)
}

/**
 * Forgets a credential for good.
 * @throws Problem `connection.unknown`, `connection.in_use`
 */
export async function removeConnection(
  parts: ConnectionParts,
  change: { readonly name: string; readonly by: string },
): Promise<void> {
  const { name, by } = change
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    const users = (await listResources(tx)).filter((resource) => resource.connection === name)
    if (users.length > 0) {
      const names = users.map((resource) => `\`${resource.name}\``).join(', ')
      throw new Problem('connection.in_use', `${names} use it`)
    }
    if (!(await deleteConnection(tx, name))) throw unknownConnection(name)
    await parts.ledger.append(tx, { type: 'connection.removed', by, facts: { connection: name } })
  })
}
