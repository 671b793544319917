import { ConsentRequired, UsageError } from './errors.ts'
import type { OnApproval } from './task/approval.ts'
import { type Budget, type Detail, delegating } from './task/authority.ts'
import { Task } from './task/task.ts'
import { type AgentIdentity, clientAssertion } from './wire/agent.ts'
import { type Ports, portsOf } from './wire/ports.ts'
import { newTaskKey } from './wire/proof.ts'
import { discover, type RemitServer, secureUrl } from './wire/server.ts'
import { SignedRequests } from './wire/signed.ts'
import { ID_TOKEN, JWT_BEARER, requestToken, TOKEN_EXCHANGE } from './wire/token-endpoint.ts'

/** Members that every way of opening a task needs. */
export interface OpeningBase extends Partial<Ports> {
  /** Remit's issuer, or what `discover` answered for it: then the server is not asked each time. */
  readonly issuer: string | RemitServer
  readonly agent: AgentIdentity
  /** Action where people have to approve calls. Default `throw`. */
  readonly onApproval?: OnApproval
  /** Ends waiting. */
  readonly signal?: AbortSignal
}

/** Opening of a task: for whom, and for what. */
export interface Opening extends OpeningBase {
  /**
   * The person's token from the identity provider, given to this agent within the last ten minutes; a function where a fresh
   * one may be needed while people are waited for. Without it the task is autonomous, and needs `sponsorGrant`.
   */
  readonly subjectToken?: string | (() => Promise<string>)
  /** Default: an ID token. */
  readonly subjectTokenType?: string
  /** `spg_…`: under which a task is opened with no person present. Its purpose is the grant's. */
  readonly sponsorGrant?: string
  /** Details that the task may do; or say `scope`. */
  readonly details?: readonly Detail[]
  /** Action names, separated by spaces: each without bounds. */
  readonly scope?: string
  /** True: the task needs all of it. The person is then asked for the rest. Default: the task gets what is allowed; see `Task.missing`. */
  readonly requireAll?: boolean
  /** Details that children may be given at most. Default: the same as the details. */
  readonly mayDelegate?: readonly Detail[]
  /** Shown to people and recorded; required where a person is represented. */
  readonly purpose?: string
  /** The space that it is for, and the thread there as the surface of the space names it. */
  readonly space?: string
  readonly thread?: string
  readonly budget?: Budget
  /** Until the deadline. Default one hour, at most a day. */
  readonly lifeSeconds?: number
  /** Told where the person says yes, once for each page; then the opening is repeated until they have. Without it `ConsentRequired` is thrown. */
  readonly onConsent?: (consent: ConsentRequired) => void | Promise<void>
}

const FIRST_PAUSE_MS = 2_000
const MAX_PAUSE_MS = 15_000
const GROWTH = 1.5

/**
 * Opens a task: for a person (token exchange, RFC 8693), or with no person present under a sponsor grant (client credentials).
 * @throws {ConsentRequired} unless `onConsent` is given
 * @throws {Denied} {CallFailed} {UsageError}
 */
export async function openTask(opening: Opening): Promise<Task> {
  if ((opening.subjectToken === undefined) === (opening.sponsorGrant === undefined))
    throw new UsageError('a task is opened with a `subjectToken`, or with a `sponsorGrant`')
  const ports = portsOf(opening)
  const server = await serverOf(opening.issuer, ports)
  let told: string | undefined
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * GROWTH, MAX_PAUSE_MS)) {
    try {
      return await begin(opening, { server, ports }, await wanted(opening))
    } catch (error) {
      if (!(error instanceof ConsentRequired) || !opening.onConsent) throw error
      // A question that no one answered in time is asked again, on another page.
      if (told !== error.interactionUri) await opening.onConsent(error)
      told = error.interactionUri
      await ports.sleep(pause, opening.signal)
    }
  }
}

/** A ticket from `Task.child`, redeemed by the agent that it names. */
export interface Redemption extends OpeningBase {
  readonly ticket: string
}

/**
 * Opens the child task that a ticket is for (RFC 7523). Once, within a minute of its making.
 * @throws {Denied} {CallFailed}
 */
export async function redeemTicket(redemption: Redemption): Promise<Task> {
  const ports = portsOf(redemption)
  const server = await serverOf(redemption.issuer, ports)
  const form = { grant_type: JWT_BEARER, assertion: redemption.ticket }
  return begin(redemption, { server, ports }, form)
}

/** Metadata of the server, asked for where only its issuer is known. */
export async function serverOf(issuer: string | RemitServer, ports: Ports): Promise<RemitServer> {
  if (typeof issuer === 'string') return discover(issuer, ports)
  secureUrl(issuer.issuer)
  return issuer
}

/** A key of its own for every task, and every attempt; unless it was bound before. */
export async function begin(
  { agent, onApproval = 'throw' }: OpeningBase,
  { ports, server }: { ports: Ports; server: RemitServer },
  form: Readonly<Record<string, string | undefined>>,
  bound?: SignedRequests,
): Promise<Task> {
  const signed = bound ?? new SignedRequests(ports, await newTaskKey())
  const answer = await requestToken(server, signed, {
    ...form,
    ...(await clientAssertion(agent, server.issuer, ports.now())),
  })
  const held = { server, ports, signed, id: answer.taskId, token: answer.token }
  const details = detailsOf(answer.missing)
  const missing = { details, interactionUri: answer.interactionUri }
  return new Task(held, detailsOf(answer.details), onApproval, missing)
}

async function wanted(opening: Opening): Promise<Readonly<Record<string, string | undefined>>> {
  const { budget, details, lifeSeconds, mayDelegate, purpose, requireAll, scope } = opening
  const { space, sponsorGrant, thread } = opening
  const list = delegating(details ?? [], mayDelegate)
  const common = {
    authorization_details: list.length === 0 ? undefined : JSON.stringify(list),
    scope,
    require_all: requireAll ? 'true' : undefined,
    purpose,
    space,
    thread,
    budget: budget === undefined ? undefined : JSON.stringify(budget),
    requested_lifetime: lifeSeconds === undefined ? undefined : String(lifeSeconds),
  }
  const { subjectToken, subjectTokenType = ID_TOKEN } = opening
  if (subjectToken === undefined)
    return { grant_type: 'client_credentials', sponsor_grant: sponsorGrant, ...common }
  return {
    grant_type: TOKEN_EXCHANGE,
    subject_token: typeof subjectToken === 'string' ? subjectToken : await subjectToken(),
    subject_token_type: subjectTokenType,
    ...common,
  }
}

/** Details of the grant that may be done; those that may be handed on are told beside them. */
function detailsOf(details: readonly unknown[]): readonly Detail[] {
  return details.filter(isDetail).filter(({ type }) => type !== 'remit_delegate')
}

function isDetail(value: unknown): value is Detail {
  if (typeof value !== 'object' || value === null) return false
  return 'locations' in value && Array.isArray(value.locations) && 'actions' in value
}
