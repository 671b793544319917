import { bold, dim, green, text, yellow } from '../../../platform/lib/terminal/text.ts'
import { OAuthRefusal, type OpenTask, requestTask } from '../agent/client.ts'
import { newTaskKey } from '../agent/proof.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure } from '../failure.ts'
import { unreachableFailure } from '../server/refused.ts'
import type { ActingAgent } from './acting-agent.ts'
import type { CallOptions } from './asked.ts'
import type { RepresentedPerson } from './represented.ts'

const CONSENT_POLL_MS = 2_000

export interface TaskOptions {
  readonly agent: ActingAgent
  readonly person: RepresentedPerson
  readonly purpose: string
  readonly asked: CallOptions
  /** Wait for the person's consent when there is no basis yet. */
  readonly wait: boolean
}

/**
 * Opens a task, and when the person has to agree first, says so and repeats the exchange until they have. A refused exchange
 * uses up nothing but its proof (contract 5.1).
 */
export async function openForPerson(cli: Cli, opening: TaskOptions): Promise<OpenTask> {
  const key = await newTaskKey()
  let told: string | undefined
  let last: string | undefined
  // A caller that named it wants all of it, and is told where a person can allow it. What a person leaves out then stays out.
  let requireAll = true
  for (;;) {
    const answer = await exchange(cli, opening, key, requireAll)
    if (!(answer instanceof OAuthRefusal)) {
      if (told !== undefined) cli.say(text`${green('✓')} agreed`)
      tellMissing(cli, answer)
      return answer
    }
    const { interaction_uri: page } = answer.members
    if (requireAll && (answer.code === 'grant.incomplete' || leftOut(told, page))) {
      requireAll = false
      continue
    }
    if (answer.error !== 'interaction_required' || typeof page !== 'string')
      throw oauthFailure(answer)
    if (!opening.wait) throw notAgreed(opening, answer, page)
    // Another question may only have crossed the answer to the first: it is told when it is still there the next time.
    if (told === undefined || (page !== told && page === last)) {
      tellConsent(cli, opening, page)
      told = page
    }
    last = page
    await cli.world.wait(CONSENT_POLL_MS)
  }
}

async function exchange(
  cli: Cli,
  { agent, asked, person, purpose }: TaskOptions,
  key: Awaited<ReturnType<typeof newTaskKey>>,
  requireAll: boolean,
): Promise<OpenTask | OAuthRefusal> {
  const { details, scope } = asked
  const subject = await person.subject()
  return requestTask({
    issuer: cli.url,
    agent,
    subject,
    purpose,
    key,
    requireAll,
    ...(details === undefined ? {} : { details }),
    ...(scope === undefined ? {} : { scope }),
  }).catch((error: unknown) => {
    if (error instanceof OAuthRefusal) return error
    throw unreachableFailure(cli.url, error)
  })
}

/** Tells whether another question came up after the first was put: the person answered it with less. */
function leftOut(told: string | undefined, page: unknown): boolean {
  return told !== undefined && typeof page === 'string' && page !== told
}

/** Says what the task has not, and where it can be allowed. */
function tellMissing(cli: Cli, { missing }: OpenTask): void {
  if (!missing) return
  const actions = [...new Set(missing.details.flatMap((detail) => detail.actions))].join(', ')
  cli.say(
    text`${yellow('●')} not allowed, and left out: ${actions}`,
    ...(missing.page === undefined ? [] : [text`  the person can allow it: ${bold(missing.page)}`]),
  )
}

function tellConsent(cli: Cli, opening: TaskOptions, page: string): void {
  cli.say(
    text`${yellow('●')} ${consentQuestion(opening)}`,
    text`  ${bold(page)}`,
    ...moreWords(opening).map((words) => dim(`  ${words}`)),
    dim('  waiting …  (Ctrl-C stops; the same command goes on later)'),
  )
  if (opening.person.label === 'you') cli.open(page)
}

/** Hints that more can be asked for at once, where the command does not say what the task is for. */
function moreWords({ asked }: TaskOptions): readonly string[] {
  if (asked.said) return []
  return ['this asks for this one call; --scope ACTION or --all asks for more at once']
}

/** Says what a person has to agree to. */
export function consentQuestion({
  agent,
  person,
  purpose,
}: Pick<TaskOptions, 'agent' | 'person' | 'purpose'>): string {
  const who = person.label === 'you' ? 'you have' : `${person.label} has`
  return `${who} to agree that ${agent.id} may do this: ${purpose}`
}

function notAgreed(opening: TaskOptions, answer: OAuthRefusal, page: string): CommandFailure {
  return new CommandFailure('The person has to agree first', {
    code: 'consent.required',
    detail: consentQuestion(opening),
    next: [page, 'then the same command again; --wait waits for it', ...moreWords(opening)],
    members: refusalMembers(answer),
  })
}

/** Without what the failure says already. */
function refusalMembers({ members }: OAuthRefusal): Readonly<Record<string, unknown>> {
  const { error_description: _, ...rest } = members
  return rest
}

/** A refusal of the token endpoint, as a failure. */
export function oauthFailure(answer: OAuthRefusal): CommandFailure {
  return new CommandFailure(titleOf(answer), {
    code: answer.code,
    detail: answer.message,
    next: answer.code === 'task.closed' ? ['the same command opens a new task'] : [],
    members: refusalMembers(answer),
  })
}

function titleOf({ code, error }: OAuthRefusal): string {
  if (code === 'task.closed') return 'The task is closed; nothing was sent'
  if (code === 'task.suspended') return 'The task is suspended; nothing was sent'
  if (code === 'consent.denied') return 'The person denied the request'
  return error === 'invalid_client' ? 'The agent was not recognised' : 'No token was given'
}
