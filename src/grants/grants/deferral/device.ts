import { findAgent } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Random } from '../../../platform/lib/random.ts'
import { consumeOnce } from '../../../platform/storage/index.ts'
import { checkPurpose } from '../../../tasks/tasks/index.ts'
import {
  asRefused,
  type GrantRefusal,
  isNothing,
  isRefused,
  issuingBy,
  problemFor,
  readAskedAuthority,
  refused,
  withinAgent,
} from '../../issuance/index.ts'
import { readFrozenRequest } from '../frozen-request.ts'
import type { OpeningRequest, WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type AskingAgent, readCaller } from '../pipeline/authenticate-requester.ts'
import { isFailed, refuseFailed } from '../pipeline/authenticated.ts'
import { type DeferralAnswer, holdBack } from '../pipeline/defer.ts'
import { answerableUntil } from '../pipeline/deferral.ts'
import { claimDeferral, findByUserCode } from '../pipeline/deferral-store.ts'
import { directQuestion, putQuestion, refuseCaller, useUpAssertion } from './ask-directly.ts'

/** An agent on something without a browser (RFC 8628). The person who types the code is the one it asks. */
export interface DeviceRequest extends OpeningRequest, WantedTask {}

export type DeviceStart =
  | {
      readonly outcome: 'begun'
      readonly held: DeferralAnswer
      /** Seconds that the user code works. */
      readonly waits: number
      /** Code for people to type: two times four letters. */
      readonly userCode: string
    }
  | GrantRefusal

/** Short: codes that were sent to another person have little time to get there. */
const WAITS_SECONDS = 300
const WAITS_MS = WAITS_SECONDS * 1000
/** Codes that a person types in that time, right or wrong. */
const MAX_TYPED = 10
/** RFC 8628 section 6.1: no vowels, no digits, nothing that is read as something else. 34 bits of eight. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const LENGTH = 8

/** Begins a request whose person is not known yet. */
export async function beginDevice(parts: GrantParts, request: DeviceRequest): Promise<DeviceStart> {
  const caller = await readCaller(parts, request)
  if (isFailed(caller)) return refuseFailed(parts, caller)
  const begun = await begin(parts, request, caller).catch(asRefused)
  return begun.outcome === 'begun' ? begun : refuseCaller(parts, request, caller, begun)
}

async function begin(
  parts: GrantParts,
  request: DeviceRequest,
  caller: AskingAgent,
): Promise<DeviceStart> {
  const { agent, proof } = caller
  checkPurpose(request.purpose)
  const catalog = await parts.catalog.current()
  const asked = readAskedAuthority(request, catalog)
  if (isRefused(asked)) return asked
  if (!asked) return refused('task.nothing_requested', 'send `authorization_details` or `scope`')
  if (isNothing(asked, withinAgent(asked, agent, catalog.kindOf)))
    return refused('task.beyond_ceiling', "nothing of the request is within the agent's ceiling")
  const full = await parts.room?.isFullFor(agent.id, null)
  if (full) return full
  const userCode = newUserCode(parts.random)
  const held = await parts.storage.transaction(async (tx) => {
    await useUpAssertion(tx, caller)
    const proved = { authTime: null, acr: null }
    return holdBack(
      parts,
      tx,
      {
        flow: 'device',
        agent: { id: agent.id, notifyAt: null },
        personId: null,
        thumbprint: proof?.thumbprint ?? null,
        request: { ...request, proved, from: request.origin.ip },
      },
      {
        consentId: null,
        answeredBy: parts.clock.now() + WAITS_MS,
        userCode: userCodeDigest(userCode),
      },
    )
  })
  return { outcome: 'begun', held, waits: WAITS_SECONDS, userCode }
}

/** Each letter from a byte below the largest multiple of twenty, so that all are as likely. */
function newUserCode(random: Random): string {
  let code = ''
  while (code.length < LENGTH) {
    const [byte = 255] = random.bytes(1)
    if (byte < 240) code += LETTERS[byte % LETTERS.length]
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** Computes the digest of a code as people type it. */
function userCodeDigest(typed: string): string {
  return sha256url(typed.toUpperCase().replaceAll(/[^A-Z]/g, ''))
}

/**
 * A person typed a code: from now on the request is about them, and they are asked. Nothing is allowed by it yet. Answers the question.
 * @throws Problem `device.unknown_code`, `device.too_many_codes`, or why nothing can be asked
 */
export async function claimDevice(
  parts: GrantParts,
  { person, typed }: { readonly person: Person; readonly typed: string },
): Promise<Id<'consent'>> {
  const now = parts.clock.now()
  if (!(await mayType(parts, person, now)))
    throw new Problem('device.too_many_codes', 'too many codes were typed; wait five minutes')
  const found = await findByUserCode(parts.storage.read, userCodeDigest(typed), now)
  const agent = found && (await findAgent(parts.storage.read, found.agentId))
  if (!found || !agent) throw unknownCode()
  const request = readFrozenRequest(found.request)
  const issuing = issuingBy('device_code', { origin: { ip: request.from ?? '' } })
  const details = await directQuestion(parts, request, { agent, person, issuing })
  if (isRefused(details)) throw problemFor(details)
  return parts.storage.transaction(async (tx) => {
    const consentId = await putQuestion(parts, tx, {
      ...{ agentId: agent.id, personId: person.id, purpose: request.purpose, details },
      asked: { by: 'device', message: null, from: request.from ?? null, stepUp: null },
      expiresAt: answerableUntil(found),
    })
    // INVARIANT: only the first who types it.
    const claim = { digest: found.digest, personId: person.id, consentId }
    if (!(await claimDeferral(tx, claim))) throw unknownCode()
    return consentId
  })
}

/** RFC 8628 section 5.1. INVARIANT: counted before anything is looked up, in all replicas together, for each person by themselves. */
function mayType(
  { storage }: Pick<GrantParts, 'storage'>,
  { id }: Person,
  now: number,
): Promise<boolean> {
  const period = Math.floor(now / WAITS_MS)
  return storage.transaction(async (tx) => {
    for (let nth = 0; nth < MAX_TYPED; nth++)
      if (await consumeOnce(tx, 'typed code', `${id} ${period} ${nth}`, (period + 1) * WAITS_MS))
        return true
    return false
  })
}

function unknownCode(): Problem {
  return new Problem('device.unknown_code', 'the code is unknown, expired or was already typed')
}
