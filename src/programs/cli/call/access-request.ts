import { isId } from '../../../platform/lib/id.ts'
import { type OpenTask, taskRequest } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure } from '../failure.ts'
import { refusedFailure, unreachableFailure } from '../server/refused.ts'
import type { CallAnswer } from './send.ts'

/** A call that waits for people, as its task sees it. */
export interface AccessRequestJson {
  readonly id: string
  readonly state: string
  /** Text that the people read, written by Remit. */
  readonly text: string
  readonly risk: string
  readonly page: string
  readonly expires_at: string
  readonly reason: string | null
  /** Set when a person approved the call with changes instead. */
  readonly edited: {
    readonly changes: readonly {
      readonly path: string
      readonly from: string
      readonly to: string
    }[]
  } | null
}

const APPROVAL_POLL_MS = 1_500

/** The request that a refusal speaks of; `undefined` when people cannot lift it. */
export function requestOf({ problem }: CallAnswer): string | undefined {
  const request = problem?.access_request
  if (typeof request !== 'object' || request === null || !('id' in request)) return undefined
  return isId('request', request.id) ? request.id : undefined
}

/**
 * Reads how it stands. The address is made here: a token of ours goes nowhere that an answer names.
 */
export async function fetchAccessRequest(
  cli: Cli,
  task: OpenTask,
  id: string,
): Promise<AccessRequestJson> {
  return requestAccess(cli, task, { method: 'GET', path: `/requests/${id}` })
}

/** Asks people again about a call that was approved and executed before. */
export async function repeatRequest(
  cli: Cli,
  task: OpenTask,
  answer: CallAnswer,
): Promise<AccessRequestJson> {
  const body = { request_id: answer.problem?.request_id }
  return requestAccess(cli, task, { method: 'POST', path: '/requests', body })
}

async function requestAccess(
  cli: Cli,
  task: OpenTask,
  request: Parameters<typeof taskRequest>[1],
): Promise<AccessRequestJson> {
  const answer = await taskRequest(task, request).catch((error: unknown) => {
    throw unreachableFailure(cli.url, error)
  })
  if (!answer.ok) throw await refusedFailure(cli.url, answer)
  return (await answer.json()) as AccessRequestJson // as: the answer of `task.request`
}

/** Comes back when people have approved. Anything else that ends the waiting is a failure. */
export async function awaitApproval(cli: Cli, task: OpenTask, id: string): Promise<void> {
  for (;;) {
    await cli.world.wait(APPROVAL_POLL_MS)
    const request = await fetchAccessRequest(cli, task, id)
    if (request.state === 'approved') return
    if (request.state !== 'pending') throw ended(request)
  }
}

const ENDINGS: Readonly<Record<string, readonly [title: string, code: string]>> = {
  denied: ['A person denied it; nothing was sent', 'approval.denied'],
  expired: ['No one answered in time; nothing was sent', 'approval.expired'],
}

function ended({ edited, id, reason, state }: AccessRequestJson): CommandFailure {
  if (edited)
    return new CommandFailure('A person approved this call with changes; nothing was sent', {
      code: 'approval.edited',
      detail: edited.changes
        .map(({ from, path, to }) => `${path.slice(1)} ${to} instead of ${from}`)
        .join('; '),
      members: { access_request: { id, state }, changes: edited.changes },
    })
  const [title = 'The request ended; nothing was sent', code] = ENDINGS[state] ?? []
  return new CommandFailure(title, {
    code,
    ...(reason === null ? {} : { detail: `they wrote: ${reason}` }),
    members: { access_request: { id, state } },
  })
}
