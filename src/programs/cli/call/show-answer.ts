import { facts, indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  red,
  type Text,
  text,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import { moment, relativeMoment } from '../../../platform/lib/terminal/time.ts'
import type { Cli } from '../cli.ts'
import { whatToDo } from '../what-to-do.ts'
import type { AccessRequestJson } from './access-request.ts'
import type { CallAnswer } from './send.ts'

/** Worth seeing beside the body. */
const SHOWN_HEADERS = ['content-type', 'location', 'retry-after', 'etag', 'link']

/** Passed on to the API, denied, asked a person, executed before, or failed: then the API may have acted. */
export type ShownOutcome = 'permitted' | 'denied' | 'requestable' | 'executed' | 'failed'

export function shownOutcome({ problem, response }: CallAnswer): ShownOutcome {
  if (!problem) return 'permitted'
  if (response.status >= 500) return 'failed'
  if (problem.code === 'approval.executed') return 'executed'
  // Approval with changes makes another call, and `access_request` names the request of that one.
  if (problem.code === 'approval.edited') return 'denied'
  return problem.access_request === undefined ? 'denied' : 'requestable'
}

/** The status line and what Remit has to say, on standard error. */
export async function tellAnswer(cli: Cli, answer: CallAnswer): Promise<void> {
  const { decisionId, problem, response } = answer
  const outcome = shownOutcome(answer)
  const decision = decisionId === undefined ? '' : dim(text`  ${decisionId}`)
  cli.say(text`${dim('←')} ${statusText(response)}  ${outcomeText(answer)}${decision}`)
  if (!problem) {
    cli.say(...headerLines(response))
    return
  }
  const advice =
    outcome === 'denied' || outcome === 'failed' ? await whatToDo(problem.code) : undefined
  const room = cli.world.talk.width
  cli.say(
    '',
    text`${outcome === 'requestable' ? yellow('●') : red('✗')} ${bold(problem.title)}`,
    ...indented(
      facts(
        [
          ['why', problem.detail],
          outcome === 'executed' && !isUnderWay(answer)
            ? ['again', bold('the same command with --ask-again')]
            : ['enough', told(problem.enough)],
          ['do', advice === undefined ? undefined : text`${advice}`],
          ['code', text`${problem.code} ${dim(`docs/problems/${problem.code}.md`)}`],
          [
            'explain',
            decisionId === undefined ? undefined : bold(`remit decisions explain ${decisionId}`),
          ],
        ],
        room === undefined ? undefined : room - 2,
      ),
    ),
  )
}

function told(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function statusText({ status, statusText: words }: Response): Text {
  const line = text`${status}${words === '' ? '' : ` ${words}`}`
  return status < 300 ? green(line) : status < 400 ? yellow(line) : red(line)
}

/** An earlier request uses the approval, and what became of it is not known yet. */
function isUnderWay({ problem }: CallAnswer): boolean {
  return problem?.state === 'sending'
}

function outcomeText(answer: CallAnswer): string {
  return {
    permitted: 'permitted',
    denied: 'refused; nothing was sent',
    requestable: 'needs an approval; nothing was sent',
    executed: isUnderWay(answer)
      ? 'an earlier request is under way; nothing was sent'
      : 'executed before; nothing was sent',
    failed: 'failed',
  }[shownOutcome(answer)]
}

function headerLines({ headers }: Response): readonly Text[] {
  const rows = SHOWN_HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, text`${value}`] as const]
  })
  return indented(facts(rows, undefined))
}

/** Tells the question that people are asked, where, and until when. */
export function tellRequest(cli: Cli, request: AccessRequestJson, waits: boolean): void {
  const room = cli.world.talk.width
  cli.say(
    '',
    text`  ${bold(request.text)}`,
    ...indented(
      facts(
        [
          ['approve at', text`${request.page}`],
          [
            'answer by',
            text`${moment(request.expires_at)}, ${relativeMoment(request.expires_at, cli.now)}`,
          ],
          ['next', waits ? undefined : 'the same command once it is approved, or with --wait'],
        ],
        room === undefined ? undefined : room - 2,
      ),
    ),
  )
  if (waits) cli.say(dim('  waiting …'))
}
