import {
  type AccessRequest,
  findRequest,
  listForTask,
} from '../../approvals/access-requests/index.ts'
import {
  answeringOf,
  answerRequest,
  batchForm,
  signBatch,
} from '../../approvals/approvals/index.ts'
import type { PresentedSignature } from '../../identity/passkeys/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { findVisibleRequest, requireVisibleRequest } from './visible-request.ts'

type RequestAnswer = Parameters<typeof answerRequest>[1]
type AnswerParts = Parameters<typeof answerRequest>[0]

/** Finds access requests that belong together with one, although their actions differ; that one may be among them. */
export type FindCompanions = (db: Reader, requestId: string) => Promise<ReadonlySet<string>>

/** Finds none: only requests with one action belong together. */
export const noCompanions: FindCompanions = async () => NONE

const NONE: ReadonlySet<string> = new Set()

interface TogetherParts extends AnswerParts {
  readonly companionsOf: FindCompanions
}

/** One answer to several requests. */
export interface BatchAnswer
  extends Pick<RequestAnswer, 'answer' | 'authTime' | 'proved' | 'reason'> {
  readonly person: Person
  /** Digest of each displayed request, by id. */
  readonly shown: ReadonlyMap<string, string>
  /** Signature over all of them. */
  readonly signature?: PresentedSignature | undefined
}

/** Answer to one of several requests that was refused, and why. */
export interface RefusedAnswer {
  readonly sentence: string
  readonly refusal: Problem
}

/** Requests of the task of `id`, with its action or companions of it, that the person may approve now in their own name, this one included, the oldest first. */
export async function answerableBeside(
  parts: TogetherParts,
  { id, person }: { readonly id: string; readonly person: Person },
): Promise<AccessRequest[]> {
  const first = await requireVisibleRequest(parts, person, id)
  const now = parts.clock.now()
  const found: AccessRequest[] = []
  const companions = await parts.companionsOf(parts.storage.read, id)
  for (const { action, id: other, state } of await listForTask(parts, first.taskId)) {
    if (state !== 'pending' || !(action === first.action || companions.has(other))) continue
    const request = await findRequest(parts, other)
    if (!request) continue
    const { answerer, may } = await answeringOf(parts.storage.read, { request, person, now })
    if (!answerer.standsInFor && may.may && may.answers.includes('approve')) found.push(request)
  }
  return found.toReversed()
}

/**
 * Requests, of those named, that belong to `id` as in `answerableBeside` and that this person may see, in the order of their ids.
 * @throws Problem `approval.unknown`
 */
export async function togetherWith(
  parts: TogetherParts,
  {
    id,
    ids,
    person,
  }: { readonly id: string; readonly ids: readonly string[]; readonly person: Person },
): Promise<AccessRequest[]> {
  const first = await requireVisibleRequest(parts, person, id)
  const companions = await parts.companionsOf(parts.storage.read, id)
  const found: AccessRequest[] = []
  for (const other of [...new Set(ids)].toSorted()) {
    const request = await findVisibleRequest(parts, person, other)
    if (request?.taskId !== first.taskId) continue
    if (request.action === first.action || companions.has(request.id)) found.push(request)
  }
  return found
}

/** Makes the form in which one signature covers all of them; `undefined` where none has to be signed. */
export function formTogether(
  parts: AnswerParts,
  person: Person,
  requests: readonly AccessRequest[],
): ReturnType<typeof batchForm> {
  return batchForm(parts, { personId: person.id, requests })
}

/**
 * Answers several requests. INVARIANT: each is answered by itself, by the digest of its display: one that changed is
 * refused, and the others stand. Returns the refused ones.
 * @throws Problem `passkey.…`: nothing is answered where the signature is not good
 */
export async function answerBatch(
  parts: AnswerParts,
  requests: readonly AccessRequest[],
  given: BatchAnswer,
): Promise<RefusedAnswer[]> {
  const { person, shown, signature, ...answer } = given
  const batch =
    signature && answer.answer === 'approve'
      ? await signBatch(parts, { personId: person.id, requests }, signature)
      : undefined
  const refused: RefusedAnswer[] = []
  for (const { id: requestId, text: sentence } of requests) {
    try {
      await answerRequest(parts, {
        ...{ ...answer, person, requestId, batch, shown: shown.get(requestId) ?? '' },
      })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      refused.push({ sentence, refusal: error })
    }
  }
  return refused
}
