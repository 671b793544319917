import type { LedgerEvent } from '../../platform/ledger/index.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { Raise } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { findAgent } from '../agents/index.ts'
import { type ClientSettingsInput, checkSettings } from './check-settings.ts'
import { type ClientCredential, clientKey, credentialsKey, type MachineClient } from './client.ts'
import { insertClient, lockClient, updateClient } from './client-store.ts'
import { insertCredential } from './credential-store.ts'
import { type ClientKind, kindRules } from './kinds.ts'
import { newKeyCredential, newSecretCredential } from './new-credential.ts'
import type { ClientChange, ClientParts } from './parts.ts'
import type { IssuingSettings, PepSettings } from './settings.ts'

export interface AddedClient<K extends ClientKind> {
  readonly client: MachineClient<K>
  readonly credential: ClientCredential
  /** Shown this once and kept nowhere; absent where a key was given. */
  readonly secret: Secret | undefined
}

/**
 * Registers a machine client, with a public key (JWK) or else a secret.
 * @throws Problem `client.bad_settings`, `client.exists`, `client.bad_key`, and what `checkSettings` throws
 */
export async function addClient<K extends ClientKind>(
  parts: ClientParts,
  wish: ClientChange & {
    readonly kind: K
    readonly settings: ClientSettingsInput<K>
    readonly jwk?: unknown
  },
): Promise<AddedClient<K>> {
  const { by, id, jwk, kind } = wish
  if (!isName(id)) throw new Problem('client.bad_settings', 'the name is not one')
  const { credential, secret } =
    jwk === undefined
      ? newSecretCredential(parts, wish, kind)
      : { credential: newKeyCredential(parts, wish, jwk), secret: undefined }
  const client = await parts.storage.transaction(async (tx) => {
    // INVARIANT: no program is an agent and a machine client (`insertAgent`).
    if (await findAgent(tx, id)) throw new Problem('client.exists', `\`${id}\` is or was an agent`)
    const lookup = { reader: tx, references: parts.references }
    const added = {
      ...{ id, kind, settings: await checkSettings(lookup, kind, wish.settings) },
      ...{ createdBy: by, createdAt: parts.clock.now(), lastUsedAt: null, removedAt: null },
    } as MachineClient // the settings are those of that kind
    if (!(await insertClient(tx, added)))
      throw new Problem('client.exists', `\`${id}\` is or was another one`)
    if (!(await insertCredential(tx, credential))) throw keyTaken()
    await parts.live.begin(tx, clientKey(id))
    await parts.live.begin(tx, credentialsKey(id))
    await parts.ledger.append(tx, {
      type: 'client.added',
      by,
      ...settingsOnRecord(added, { credential: credential.id, credential_kind: credential.kind }),
    })
    return added
  })
  return { client: client as MachineClient<K>, credential, secret } // of the kind that was asked for
}

/**
 * Gives a client other settings, whole. When this has returned, no replica answers it by the old ones.
 * @throws Problem `client.unknown`, `client.bad_settings`, and what `checkSettings` throws
 */
export async function changeClient<K extends ClientKind>(
  parts: ClientParts,
  change: ClientChange & { readonly kind: K; readonly settings: ClientSettingsInput<K> },
): Promise<MachineClient<K>> {
  const { by, id, kind } = change
  return changed(parts, clientKey(id), async (tx) => {
    const before = await requireClient(tx, id)
    if (before.kind !== kind || !kindRules(kind).changeable)
      throw new Problem(
        'client.bad_settings',
        `settings of \`${id}\`, of the kind ${before.kind}, cannot be changed to these`,
      )
    const lookup = { reader: tx, references: parts.references }
    const settings = await checkSettings(lookup, kind, change.settings)
    const client = { ...before, settings } as MachineClient // of the kind that was just compared
    await updateClient(tx, client)
    const event = { type: 'client.changed', by, ...settingsOnRecord(client) }
    return [client as MachineClient<K>, event] // likewise
  })
}

/** Ends a client for good: when this has returned, no replica answers it, and nothing that it stated counts. @throws Problem `client.unknown` */
export async function removeClient(parts: ClientParts, { by, id }: ClientChange): Promise<void> {
  await changed(parts, { ...clientKey(id), state: 'ended' }, async (tx) => {
    const client = await requireClient(tx, id)
    await updateClient(tx, { ...client, removedAt: parts.clock.now() })
    return [undefined, { type: 'client.removed', by, facts: { client: id, kind: client.kind } }]
  })
}

/** Writes rows, record and epoch together; then every replica has dropped what it knew. */
export async function changed<T>(
  parts: ClientParts,
  raise: Raise,
  write: (tx: Tx) => Promise<readonly [T, LedgerEvent]>,
): Promise<T> {
  const { change, done } = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const [done, event] = await write(tx)
    await parts.ledger.append(tx, event)
    return { done, change: await parts.live.raise(tx, [raise]) }
  })
  await parts.live.settle(change)
  return done
}

/** @throws Problem `client.unknown` */
export async function requireClient(tx: Tx, id: string): Promise<MachineClient> {
  const client = await lockClient(tx, id)
  if (!client) throw new Problem('client.unknown', `there is no machine client \`${id}\` in use`)
  return client
}

export function keyTaken(): Problem {
  return new Problem('client.bad_key', 'the key was registered before')
}

type Facts = NonNullable<LedgerEvent['facts']>

/** Writes the part of a record that says which client it is about, and with what settings. */
function settingsOnRecord(
  client: MachineClient,
  more: Facts = {},
): Pick<LedgerEvent, 'facts' | 'resource'> {
  const { id, kind, settings } = client
  const facts = { client: id, kind, ...more }
  switch (kind) {
    case 'enforcer':
      return { resource: settings.resource, facts }
    case 'introspector':
      return { facts: { ...facts, resources: settings.resources && [...settings.resources] } }
    case 'pep':
      return { facts: { ...facts, ...pepFacts(settings) } }
    case 'surface':
      return { facts: { ...facts, space: settings.space, silent_after_ms: settings.silentAfter } }
    default:
      return { facts }
  }
}

function pepFacts(settings: PepSettings): Facts {
  const { issuing, mode, namesTasks, policySet, properties, resources, takes } = settings
  return {
    mode,
    ...(issuing === null ? {} : { issuing: issuingFacts(issuing) }),
    policy_set: policySet,
    resources: resources && [...resources],
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function issuingFacts({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => `${type} ${id} = ${agent}`),
    audiences: audiences.map(({ id, resources }) => `${id} = ${resources.join(', ')}`),
  }
}
