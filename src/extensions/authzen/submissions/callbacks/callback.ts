import type { MasterKey, SealedColumn } from '../../../../platform/keys/index.ts'
import type { SubmissionStatus } from '../submission.ts'

/** Address at which an enforcement point is told that a submission ended. An administrator registers it. */
export interface ClientCallback {
  readonly clientId: string
  readonly url: string
  /** Secret that the messages are signed with. */
  readonly sealed: Uint8Array
  readonly createdBy: string
  readonly createdAt: number
}

/** Request of a submission to be called back when it ends (ARAP, Callback Completion). */
export interface CallbackWish {
  readonly endpoint: string
  /** Text of the enforcement point, which it gets back. */
  readonly state: string | null
  /** Statuses that it wants to hear of; `null`: every end. */
  readonly events: readonly string[] | null
}

/** A callback that was not delivered yet. */
export interface PendingCallback extends CallbackWish {
  /** Id of the submission. */
  readonly id: string
  readonly pep: string
  readonly attempts: number
  /** Epoch milliseconds before which it is not tried. */
  readonly nextAt: number
  readonly expiresAt: number
}

/** Ties a secret to its row, so that it cannot be moved to another row. */
function callbackPlace({ client_id, url }: Readonly<Record<string, string>>): string {
  return `client_callbacks/${client_id}/${url}`
}

export function sealSecret(
  master: Pick<MasterKey, 'seal'>,
  { clientId, url }: Pick<ClientCallback, 'clientId' | 'url'>,
  secret: string,
): Uint8Array {
  return master.seal(secret, callbackPlace({ client_id: clientId, url }))
}

export function openSecret(
  master: Pick<MasterKey, 'open'>,
  { clientId, sealed, url }: ClientCallback,
): string {
  return Buffer.from(master.open(sealed, callbackPlace({ client_id: clientId, url }))).toString()
}

/** Columns of this room that are sealed. */
export const SUBMISSIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'client_callbacks',
    column: 'sealed',
    key: 'client_id',
    with: ['url'],
    associatedData: callbackPlace,
  },
]

/** Body of a callback: id and status of the submission. The result is read at the address of the status. */
export function callbackBody(
  issuer: string,
  { id, state }: PendingCallback,
  status: SubmissionStatus,
): string {
  const task = { id, status, status_endpoint: `${issuer}/access/v1/requests/${id}` }
  return JSON.stringify({ ...(state === null ? {} : { state }), task })
}
