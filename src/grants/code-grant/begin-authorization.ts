import type { Step, Storage } from '../../platform/storage/index.ts'
import type { TaskParts } from '../../tasks/tasks/index.ts'
import { AUTHORIZATION_WAITS, type Authorization } from './authorization.ts'
import { forgetAuthorizations, insertAuthorizationStep } from './authorization-store.ts'

/**
 * Members that the protocol has checked: a registered client, one of its addresses, one known
 * resource.
 */
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
  | 'mayReturn'
  | 'browser'
  | 'proves'
  | 'softwareId'
> &
  Partial<Pick<Authorization, 'announcesKey' | 'stepUp'>>

/** Begins the request of a client that stands at the authorization endpoint, with `steps` in the same commit. It is not answered yet. */
export async function beginAuthorization(
  { storage, clock }: Pick<TaskParts, 'storage' | 'clock'>,
  beginning: AuthorizationStart,
  steps: readonly Step[] = [],
): Promise<void> {
  const now = clock.now()
  // What strangers may leave here shares its commit with others.
  await storage.commit([
    insertAuthorizationStep(storage.read, {
      stepUp: null,
      ...beginning,
      state: 'pending',
      personId: null,
      authTime: null,
      acr: null,
      details: null,
      basisId: null,
      agentId: null,
      taskId: null,
      createdAt: now,
      expiresAt: now + AUTHORIZATION_WAITS,
    }),
    ...steps,
  ])
}

/** Removes unanswered authorizations, and those answered long ago. */
export function forgetOldAuthorizations(storage: Storage, now: number): Promise<void> {
  return storage.transaction((tx) => forgetAuthorizations(tx, now))
}
