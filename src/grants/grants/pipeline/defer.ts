import type { Agent } from '../../../identity/agents/index.ts'
import { type DeferralKind, newOpaqueToken } from '../../../identity/opaque-tokens/index.ts'
import type { SealedColumn } from '../../../platform/keys/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import { type FrozenRequest, freezeRequest, requestHash } from '../frozen-request.ts'
import type { GrantParts } from '../parts.ts'
import { FETCHED_WITHIN, type Flow, PAUSE } from './deferral.ts'
import { findSameDeferral, insertDeferral } from './deferral-store.ts'

/** The code that an agent waits with, by protocol. */
export const KIND_OF: Readonly<Record<Flow, DeferralKind>> = {
  deferred: 'remit_dc',
  ciba: 'remit_ar',
  device: 'remit_vc',
}

/** A request that shall wait. */
export interface DeferralRequest {
  readonly flow: Flow
  readonly agent: Pick<Agent, 'id' | 'notifyAt'>
  readonly personId: Id<'person'> | null
  readonly thumbprint: string | null
  readonly request: FrozenRequest
}

/** Answer that the agent gets instead of a token. Times are in seconds. */
export interface DeferralAnswer {
  readonly code: string
  readonly consentId: Id<'consent'> | null
  readonly expiresIn: number
  readonly interval: number
}

type DeferringParts = Pick<GrantParts, 'clock' | 'master' | 'random'>

/** Finds the same request where it waits already, and answers its own code again. */
export async function findHeldBack(
  { clock, master }: DeferringParts,
  tx: Tx,
  { agent, flow, request, ...of }: DeferralRequest,
): Promise<DeferralAnswer | undefined> {
  const now = clock.now()
  const hash = requestHash(request, of)
  const same = await findSameDeferral(tx, { agentId: agent.id, flow, requestHash: hash, now })
  if (!same) return undefined
  return {
    code: Buffer.from(master.open(same.code, deferralPlace(same.digest))).toString('utf8'),
    consentId: same.consentId,
    expiresIn: Math.floor((same.expiresAt - now) / 1000),
    interval: same.pause,
  }
}

/** Makes a request wait until people have answered; part of the transaction that asks. */
export async function holdBack(
  { clock, master, random }: DeferringParts,
  tx: Tx,
  waiting: DeferralRequest,
  until: {
    readonly consentId: Id<'consent'> | null
    /** Time when the question ends. */
    readonly answeredBy: number
    /** Token that the agent wants to be notified with, where it wants to be told. */
    readonly notificationToken?: string | undefined
    readonly userCode?: string
    /** Id of the task that it will be, where people were told. */
    readonly taskId?: Id<'task'>
  },
): Promise<DeferralAnswer> {
  const { agent, flow, personId, request, thumbprint } = waiting
  const { token: code, digest } = newOpaqueToken(KIND_OF[flow], random)
  const seal = (text: string) => master.seal(text, deferralPlace(digest))
  const now = clock.now()
  const expiresAt = until.answeredBy + FETCHED_WITHIN
  const { consentId, notificationToken: token } = until
  await insertDeferral(tx, {
    ...{ digest, flow, personId, thumbprint, consentId, expiresAt },
    agentId: agent.id,
    request: freezeRequest(request),
    requestHash: requestHash(request, waiting),
    code: seal(code),
    state: 'pending',
    taskId: until.taskId ?? null,
    pause: PAUSE,
    polledAt: null,
    userCode: until.userCode ?? null,
    notify:
      agent.notifyAt === null
        ? null
        : { at: agent.notifyAt, token: token === undefined ? null : seal(token) },
    createdAt: now,
  })
  const expiresIn = Math.floor((expiresAt - now) / 1000)
  return { code, consentId, expiresIn, interval: PAUSE }
}

/** Associated data that code and notification token are sealed with. */
export function deferralPlace(digest: string): string {
  return `deferrals/${digest}`
}

/** Columns of this room that are sealed. */
export const GRANTS_SEALED: readonly SealedColumn[] = ['code', 'notify_token'].map((column) => ({
  table: 'deferrals',
  column,
  key: 'digest',
  associatedData: ({ digest = '' }) => deferralPlace(digest),
}))
