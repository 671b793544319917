import { findClient } from '../../../../identity/machine-clients/index.ts'
import type { MasterKey } from '../../../../platform/keys/index.ts'
import type { Ledger } from '../../../../platform/ledger/index.ts'
import type { Clock } from '../../../../platform/lib/clock.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import type { Random } from '../../../../platform/lib/random.ts'
import { Secret } from '../../../../platform/lib/secret.ts'
import type { Outbound } from '../../../../platform/net/index.ts'
import type { Storage } from '../../../../platform/storage/index.ts'
import { newWebhookSecret, readUrl } from '../../../../platform/webhooks/index.ts'
import { sealSecret } from './callback.ts'
import { writeCallback } from './callback-store.ts'

/** Parts that callbacks are registered and sent with. */
export interface CallbackParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  readonly master: Pick<MasterKey, 'seal' | 'open'>
  readonly issuer: string
  readonly outbound: Pick<Outbound, 'fetch'>
  /** Origins that may be plain HTTP, and in a private network. */
  readonly origins: readonly string[]
}

/**
 * Registers the callback address of an enforcement point, which replaces the one before; `null`: removes it. Returns the new
 * secret.
 * @throws Problem `client.unknown`, `client.bad_settings`, `notification.bad_address`
 */
export async function setCallback(
  parts: CallbackParts,
  given: { readonly id: string; readonly url: string | null; readonly by: string },
): Promise<{ readonly url: string; readonly secret: Secret } | undefined> {
  const { by, id: clientId } = given
  const url = given.url === null ? undefined : readUrl(given.url, parts).href
  const secret = newWebhookSecret(parts.random)
  await parts.storage.transaction(async (tx) => {
    const client = await findClient(tx, clientId)
    if (!client || client.removedAt !== null)
      throw new Problem('client.unknown', `there is no machine client \`${clientId}\` in use`)
    if (client.kind !== 'pep' || client.settings.mode !== 'task' || client.settings.takes)
      throw new Problem(
        'client.bad_settings',
        `\`${clientId}\` submits nothing, so there is nothing to tell it`,
      )
    const callback = url === undefined ? undefined : { clientId, url }
    await writeCallback(
      tx,
      clientId,
      callback && {
        ...callback,
        sealed: sealSecret(parts.master, callback, secret),
        ...{ createdBy: by, createdAt: parts.clock.now() },
      },
    )
    const facts = { client: clientId, url: url ?? null }
    await parts.ledger.append(tx, { type: 'client.callback_set', by, facts })
  })
  return url === undefined ? undefined : { url, secret: new Secret(secret) }
}
