import { dim } from '../../../platform/lib/terminal/text.ts'
import type { OpenTask } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { awaitApproval, fetchAccessRequest, repeatRequest, requestOf } from './access-request.ts'
import { type CallAnswer, type CallToSend, sendCall } from './send.ts'
import { shownOutcome, tellAnswer, tellRequest } from './show-answer.ts'

export interface PeopleOptions {
  readonly wait?: true
  readonly askAgain?: true
  /** A refusal because the task does not cover the call is not told. */
  readonly onlyCovered?: boolean
}

/** Sends the call; where people have to approve it and shall be waited for, sends the very same call once they have. */
export async function throughPeople(
  cli: Cli,
  task: OpenTask,
  call: CallToSend,
  options: PeopleOptions,
): Promise<CallAnswer | 'not covered'> {
  for (;;) {
    const answer = await sendCall(cli, task, call)
    if (options.onlyCovered && answer.problem?.code === 'task.not_covered') return 'not covered'
    await tellAnswer(cli, answer)
    const id = await pendingRequest(cli, task, answer, options)
    if (id === undefined || !options.wait) return answer
    await answer.response.body?.cancel()
    await awaitApproval(cli, task, id)
    cli.say(dim('  approved; sending the very same call'), '')
  }
}

/** The request that stands between the call and its execution, told. */
async function pendingRequest(
  cli: Cli,
  task: OpenTask,
  answer: CallAnswer,
  options: PeopleOptions,
): Promise<string | undefined> {
  const waits = options.wait === true
  if (shownOutcome(answer) === 'executed' && options.askAgain) {
    const request = await repeatRequest(cli, task, answer)
    tellRequest(cli, request, waits)
    return request.id
  }
  const id = shownOutcome(answer) === 'requestable' ? requestOf(answer) : undefined
  if (id !== undefined) tellRequest(cli, await fetchAccessRequest(cli, task, id), waits)
  return id
}
