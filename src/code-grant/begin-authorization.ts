import type { Storage } from '../storage/index.ts'
import type { TaskParts } from '../tasks/index.ts'
import { AUTHORIZATION_WAITS, type Authorization } from './authorization.ts'
import { forgetAuthorizations, insertAuthorization } from './authorization-store.ts'

/** What the protocol has checked: a registered client, one of its addresses, one known resource. */
export type AuthorizationStart = Pick<
  Authorization,
  | 'id'
  | 'clientId'
  | 'clientName'
  | 'redirectUri'
  | 'redirectUris'
  | 'resource'
  | 'scope'
  | 'askedDetails'
  | 'deferrable'
  | 'browser'
  | 'proves'
  | 'softwareId'
> &
  Partial<Pick<Authorization, 'announcesKey' | 'stepUp'>>

/** A client stands at the authorization endpoint. Nobody has said anything yet. */
export function beginAuthorization(
  { storage, clock }: Pick<TaskParts, 'storage' | 'clock'>,
  beginning: AuthorizationStart,
): Promise<void> {
  const now = clock.now()
  return storage.transaction((tx) =>
    insertAuthorization(tx, {
      stepUp: null,
      ...beginning,
      state: 'pending',
      personId: null,
      authTime: null,
      acr: null,
      details: null,
      basisId: null,
      taskId: null,
      createdAt: now,
      expiresAt: now + AUTHORIZATION_WAITS,
    }),
  )
}

/** Removes what nobody answered, and what was answered long ago. */
export function forgetOldAuthorizations(storage: Storage, now: number): Promise<void> {
  return storage.transaction((tx) => forgetAuthorizations(tx, now))
}
