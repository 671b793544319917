import type { Detail } from '@remit/engine'
import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import { readIssueAction } from '../../../policy/policy/index.ts'
import { jsonBody } from '../../../tasks/approval-desk/index.ts'
import { detailsInWords, type TitleOf } from '../frame/authority.ts'
import { type Html, html } from '../frame/html.ts'
import { facts } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'
import { duration } from '../frame/time.ts'

/** Subject of a request: a call, a task that is to open, or one token of a task that is open. */
export type RequestKind = 'call' | 'task' | 'token'

/** A task or a token, as the frozen request says it. */
export interface FrozenIssuance {
  readonly about: Exclude<RequestKind, 'call'>
  /** Words for how it comes. */
  readonly comes: string
  readonly mayDo: readonly Detail[]
  readonly mayHandOn: readonly Detail[]
  /** Thumbprint; nothing where the agent proves none, or not yet. */
  readonly key: string | undefined
  /** Identifier of the one resource that a token is wanted for. */
  readonly resource: string | undefined
  readonly lifeMs: number | undefined
  readonly place: readonly string[]
  /** Canonical JSON. */
  readonly budget: string | undefined
}

const COMES: Readonly<Record<string, string>> = {
  authorization_code: 'by a code, after the person let the program act for them',
  ciba: 'by itself: the agent asked the person, who said yes',
  client_credentials: 'with no person present, under a sponsor grant',
  device_code: 'by a code that the person typed',
  jwt_bearer: 'by the word of another party: another task, a platform, or another organization',
  refresh_token: 'by refreshing what it had',
  token_exchange: 'by exchanging a token',
}

/** `undefined`: it is a call. */
export function issuanceIn({
  action,
  call,
}: {
  readonly action: string
  readonly call: string
}): FrozenIssuance | undefined {
  const named = readIssueAction(action)
  if (!named) return undefined
  const said = jsonBody(call)
  const saidText = (name: string) => (typeof said[name] === 'string' ? said[name] : undefined)
  const { budget, requested_lifetime: seconds } = said
  const details = (name: string) => {
    const list = said[name]
    return Array.isArray(list) ? (list as Detail[]) : [] // as: written by `openingQuestion`, from details
  }
  return {
    about: 'may_hand_on' in said ? 'task' : 'token',
    comes: COMES[named.grant] ?? named.grant,
    mayDo: details('may_do'),
    mayHandOn: details('may_hand_on'),
    key: saidText('key'),
    resource: saidText('resource'),
    lifeMs: typeof seconds === 'number' ? seconds * 1000 : undefined,
    place: ['space', 'thread'].flatMap((name) => saidText(name) ?? []),
    budget: budget === undefined ? undefined : JSON.stringify(budget),
  }
}

/** Says what will be given, in the sentences of the consent page. */
export function issuanceInWords(asked: FrozenIssuance, titleOf: TitleOf, lifetimeMs: number): Html {
  const { about, budget, comes, key, lifeMs, mayDo, mayHandOn, place, resource } = asked
  const given =
    about === 'task'
      ? 'a task of its own: tokens for what is said above, one after the other, until the task ends'
      : 'this token, as often as it asks for it until the approval ends; each lasts five minutes at most'
  const lasts = Math.min(lifeMs ?? Number.POSITIVE_INFINITY, lifetimeMs)
  return html`${mayDo.length > 0 ? detailsInWords(mayDo, titleOf) : html`<p>The agent itself may do nothing.</p>`}${facts(
    [
      [
        'May hand on',
        mayHandOn.length > 0 &&
          !isSameAuthority(mayDo, mayHandOn) &&
          detailsInWords(mayHandOn, titleOf),
      ],
      ['It is given', given],
      ['For', `${duration(lasts)} at most, from your answer on`],
      ['It comes', comes],
      [
        'Bound to',
        key === undefined ? 'no key that is known yet' : html`its key <code>${key}</code>`,
      ],
      ['First token for', resource !== undefined && html`${show(titleOf(resource) ?? resource)}`],
      [
        'In',
        place.length > 0 && html`${place.map((name, i) => html`${i > 0 && ', '}${show(name)}`)}`,
      ],
      ['Within', budget !== undefined && showJson(budget)],
    ],
  )}`
}

/**
 * Tells whether what may be handed on is what may be done: it is, unless it was asked for by
 * itself.
 */
function isSameAuthority(mayDo: readonly Detail[], mayHandOn: readonly Detail[]): boolean {
  const bare = (details: readonly Detail[]) =>
    JSON.stringify(details.map(({ type: _, ...rest }) => rest))
  return bare(mayDo) === bare(mayHandOn)
}

/** Words of the page that depend on the kind of request. */
export const WORDS = {
  call: {
    heading: 'Exactly what is sent',
    whole: 'The whole call, byte for byte',
    deceives: 'This call contains look-alike or invisible characters',
    exactly: 'What is executed is exactly this, or nothing.',
    goodFor: 'one execution of this call',
    used: 'Approved and executed',
    not: 'The call was not made.',
    lets: 'call through, once,',
    and: '',
    told: 'the agent is told when you deny',
    onlyOnce: undefined,
  },
  task: {
    heading: 'What it will be given',
    whole: 'The whole request, byte for byte',
    deceives: 'This request contains look-alike or invisible characters',
    exactly: 'What is opened is exactly this, or nothing.',
    goodFor: 'one opening',
    used: 'Approved, and the task was opened',
    not: 'The task was not opened.',
    lets: 'task open, once,',
    and: ', and the task ends then at the latest',
    told: 'the agent is told when you deny',
    onlyOnce: 'Only once: each opening is asked about by itself.',
  },
  token: {
    heading: 'What it will be given',
    whole: 'The whole request, byte for byte',
    deceives: 'This request contains look-alike or invisible characters',
    exactly: 'What is issued is exactly this, or nothing.',
    goodFor: 'this token',
    used: 'Approved, and the token was issued',
    not: 'The token was not issued.',
    lets: 'token be issued, again whenever it has run out,',
    and: ', and it works no longer than that',
    told: 'the agent is told when you deny',
    onlyOnce: 'For this token only: any other is asked about by itself.',
  },
} as const satisfies Record<RequestKind, object>

/** Purpose of a task that is to open, as the frozen request says it; empty for anything else. */
export function purposeIn({ call }: Pick<AccessRequest, 'call'>): string {
  const { body } = JSON.parse(call) as { body?: { value?: { purpose?: unknown } } } // written by `frozenText`
  return typeof body?.value?.purpose === 'string' ? body.value.purpose : ''
}
