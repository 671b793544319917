import type { Detail } from '@remit/engine'
import type { Resource } from '../../../catalog/catalog/index.ts'
import type { Authorization, ConsentOffer } from '../../../grants/code-grant/index.ts'
import { vouchedBy } from '../../../identity/agents/index.ts'
import type { Fields } from '../../../platform/http/index.ts'
import { clientHost, isClientUrl } from '../../../platform/lib/client-url.ts'
import {
  type ActionFacts,
  type ConsentChoice,
  consentChoices,
} from '../../../tasks/consent/index.ts'
import { answerBar, choicesInGroups, NOT_BY_ENTER } from '../consent/choices.ts'
import { capital, operationInWords } from '../frame/action-words.ts'
import { detailInWords, detailInWordsHere, type TitleOf, TRUST } from '../frame/authority.ts'
import { csrfField, documentOf, type Viewer, zoneOf } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { provenanceBadge } from '../frame/name-provenance.ts'
import { commandHtml, facts, notice } from '../frame/pieces.ts'
import { asSentence, show } from '../frame/show.ts'
import { clockTime, duration, when } from '../frame/time.ts'
import {
  adviceToSignIn,
  type RequiredSignIn,
  signInFirstNotice,
} from '../sign-in/required-sign-in.ts'
import { CLIENT_LIFETIMES, USUAL_CLIENT_LIFETIME } from './lives.ts'

export interface AuthorizeView {
  readonly now: number
  readonly viewer: Viewer
  readonly asked: Pick<
    Authorization,
    | 'id'
    | 'clientId'
    | 'clientName'
    | 'redirectUri'
    | 'redirectUris'
    | 'proves'
    | 'resource'
    | 'expiresAt'
  >
  readonly state: Authorization['state'] | 'expired'
  /** The browser was on its way to the program, which had the answer already. */
  readonly told: boolean
  /** Others whom rules want to be asked first, and until when. */
  readonly others: { readonly approvers: readonly string[]; readonly expiresAt: number } | undefined
  /** The answer would go to a program on the person's own computer, which any program there can be. */
  readonly loopback: boolean
  /** Time when what it says of itself was last found to be another, if people were asked before. */
  readonly changedAt: number | undefined
  readonly offer: ConsentOffer
  readonly owner: string
  /** Names of those who can let it in. */
  readonly administrators: readonly string[]
  /** Details that this person left of the same question the last time. */
  readonly before: readonly Detail[] | undefined
  readonly known: ActionFacts
  /** Servers that the address stands for, where it is that of a group. */
  readonly titleOf: TitleOf
  readonly members: readonly Pick<Resource, 'identifier' | 'title'>[]
  /** Sign-in that is needed before a yes. */
  readonly first?: RequiredSignIn | undefined
  /** Sign-in that would help, but is not needed. */
  readonly advised?: RequiredSignIn | undefined
  readonly mistake?: string | undefined
  /** Fields as they were sent with the mistake. */
  readonly sent?: Fields | undefined
}

/** A person lets a client in that knows nothing but an address: who asks, where the answer goes, and what it may do. */
export function authorizePage(view: AuthorizeView): string {
  const { asked } = view
  const body = html`
<div class="head"><p class="eyebrow">${view.state === 'pending' ? 'A program asks to act for you' : 'A program asked to act for you'}</p>
<h1>${heading(view)}</h1></div>
${view.state === 'pending' ? waiting(view) : over(view)}`
  return documentOf({ title: `Let ${asked.clientName} act for you?`, body, viewer: view.viewer })
}

function heading({ asked, state }: AuthorizeView): Html {
  const name = show(asked.clientName)
  if (state === 'granted' || state === 'used') return html`${name} may act for you`
  if (state === 'denied') return html`${name} may not act for you`
  return html`Let ${name} act for you?`
}

/** Address that a browser goes to with the answer: the protocol goes on there. */
export function onwardAddress(id: string): string {
  return `/oauth/authorize/${id}`
}

function over({ state, asked, now, others, told, viewer }: AuthorizeView): Html {
  if (others)
    return html`${notice('warn', 'You allowed this, and others are asked first', html`<p>A rule wants ${others.approvers.map((name, i) => html`${i > 0 && ', and '}${show(name)}`)} to approve it, until ${clockTime(others.expiresAt, now, zoneOf(viewer))}. The program goes on when they have. If it gives up waiting, start again there: their answer counts then, too.</p>`)}
<div class="actions"><a class="button primary" href="${onwardAddress(asked.id)}">Have they answered?</a></div>`
  if (state === 'expired')
    return notice(
      'calm',
      'This question is over',
      html`<p>No one answered in time, so the answer is no. Start again in the program.</p>`,
    )
  if (state === 'used')
    return notice(
      'good',
      'You allowed this, and the program is at work',
      html`<p>You can close this page. What you allowed can be ended under <a href="/tasks">Tasks</a>.</p>`,
    )
  const said = state === 'denied' ? DENIED : ALLOWED
  if (told)
    return html`${said}<p class="soft">It was told before, once. If it does not go on by itself, start again there; you can close this page.</p>`
  return html`${said}
<div class="actions"><a class="button primary" href="${onwardAddress(asked.id)}">Back to the program</a></div>`
}

const DENIED = notice(
  'calm',
  'You said no',
  html`<p>The program is told so, and may do nothing.</p>`,
)
const ALLOWED = notice(
  'good',
  'You allowed this',
  html`<p>The program is told so. What you allowed can be ended under <a href="/tasks">Tasks</a>.</p>`,
)

function waiting(view: AuthorizeView): Html {
  return html`${who(view)}${view.offer.standing === 'open' ? form(view) : shut(view)}`
}

/**
 * Facts about the client that are not its own word: the address of its document, which the owner of
 * that address has put there.
 */
function knownBy({ asked, changedAt, now }: AuthorizeView): [string, Html | false][] {
  const { clientId, proves } = asked
  if (!isClientUrl(clientId)) return []
  return [
    [
      'It is from',
      html`<strong>${clientHost(clientId)}</strong> <code class="soft">${clientId}</code>`,
    ],
    [
      'It proves that',
      proves?.methods.includes('private_key_jwt') === true &&
        (proves.methods.includes('none') ? html`with its key, if it wants` : html`with its key`),
    ],
    [
      'Changed',
      changedAt !== undefined &&
        html`it describes itself in another way since ${when(changedAt, now)}; what you allowed before has ended`,
    ],
  ]
}

/** Warns where an address is on this computer: any program here can then use the document of another client. */
function anyoneHere({ asked }: AuthorizeView): Html {
  const from = isClientUrl(asked.clientId) && clientHost(asked.clientId)
  return html`<p>The answer goes to a program on this computer, and any program on it could have asked under this name${from && html`, also one that is not from <strong>${from}</strong>`}. If you did not expect this page, close it.</p>`
}

function who(view: AuthorizeView): Html {
  const { asked, loopback, offer, owner } = view
  const { agent, resource } = offer
  const trust = TRUST[agent.trust]
  return html`<section class="card" aria-labelledby="who"><h2 id="who">Who asks</h2>
${facts([
  [
    'Program',
    html`${show(asked.clientName)} ${provenanceBadge({ by: isClientUrl(asked.clientId) ? 'address' : vouchedBy(agent) })}`,
  ],
  ...knownBy(view),
  ['The answer goes to', redirectPlace(asked.redirectUri, loopback)],
  [
    'It wants to use',
    html`${show(resource?.title ?? asked.resource)} <code class="soft">${asked.resource}</code>`,
  ],
  [
    'It stands for',
    view.members.length > 0 &&
      html`${view.members.map(({ identifier, title }, i) => html`${i > 0 && html`, `}${show(title)} <code class="soft">${identifier}</code>`)}`,
  ],
])}
${
  loopback &&
  notice('warn', 'Only go on if you just started this program yourself', anyoneHere(view))
}
<details><summary>More about it</summary>${facts([
    ...(isClientUrl(asked.clientId)
      ? []
      : [['Registered as', html`<code class="soft">${asked.clientId}</code>`] as const]),
    ['Let in by', agent.admission ? html`the rule <code>${agent.admission}</code>` : false],
    // A client that no person has brought has no owner yet.
    ['Owner', (offer.known || agent.trust > 0) && show(owner)],
    ['Trust', html`${trust[0]}, <span class="soft">${trust[1]}</span>`],
  ])}</details></section>`
}

function redirectPlace(redirectUri: string, loopback: boolean): Html {
  const { host } = new URL(redirectUri)
  return loopback ? html`<code>${host}</code>, on this computer` : html`<code>${host}</code>`
}

function form(view: AuthorizeView): Html {
  const { asked, offer } = view
  const choices = consentChoices(offer.offered, view.known)
  const inWords = view.members.length === 0 ? detailInWordsHere : detailInWords
  const chosen = view.sent?.get('life') ?? USUAL_CLIENT_LIFETIME
  const options = CLIENT_LIFETIMES.map(
    ({ value, label }) =>
      html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>`,
  )
  return html`<form class="answering" method="post" action="/authorize/${asked.id}">${csrfField(view.viewer)}${NOT_BY_ENTER}
<section class="card" aria-labelledby="what"><h2 id="what">What it may do for you</h2>
${view.mistake !== undefined && notice('bad', 'Nothing was granted', html`<p>${asSentence(view.mistake)}</p>`)}
${view.first ? signInFirstNotice(view.first) : view.advised && adviceToSignIn(view.advised)}
${offer.yetToProve && NO_KEY_YET}
<p class="soft small">Take out what it does not need. Policies still decide every call, and risky ones still ask a person.</p>
${choicesInGroups({ choices, inWords: (detail) => inWords(detail, view.titleOf), chosen: (choice) => isChosen(choice, view), noteOf: (choice) => noteOf(choice, choices, offer, view.titleOf), sent: view.sent })}${leftOut(offer, view)}</section>
${answerBar({
  choices,
  yes: !view.first,
  lifetime: { name: 'life', options: html`${options}` },
  soft: html`${again(view)}Then it has to ask again. Expires in ${duration(asked.expiresAt - view.now)}; no answer counts as no.`,
})}</form>`
}

const NO_KEY_YET = notice(
  'warn',
  'This program has shown no key yet',
  html`<p>The API is open to programs with a key only. If this one has none, it gets no access, whatever you allow.</p>`,
)

/** Shows the choice whether it may come back by itself until the consent ends. */
function again({ loopback, sent }: AuthorizeView): Html {
  const ticked = sent ? sent.get('again') === 'yes' : true
  return html`<span class="choice"><input type="checkbox" id="again" name="again" value="yes"${ticked && html` checked`}><label for="again">Until then it may start again without asking you, with this access and no more.${loopback && html` Another program on this computer that uses the same name could do so, too.`}</label></span> `
}

/** Note that people should read before they tick the group: which of it people have to approve, call by call. */
function noteOf(
  { risk }: ConsentChoice,
  choices: readonly ConsentChoice[],
  { outlook }: ConsentOffer,
  titleOf: TitleOf,
): string | undefined {
  const all = choices
    .filter((choice) => choice.risk === risk)
    .flatMap(({ detail }) => detail.actions)
  const asked = all.filter((name) => outlook.asked.has(name))
  if (asked.length === 0) return undefined
  const why = asked.every((name) => outlook.askedForKey.has(name))
    ? ', as this program cannot prove possession of a key'
    : ''
  const which =
    asked.length === all.length
      ? 'Each of these is'
      : `${asked.map((name) => nameInWords(name, titleOf)).join(', ')}: each is`
  return `${which} asked every time: people have to approve the call${why}.`
}

type ActionLabels = Pick<AuthorizeView, 'known' | 'titleOf'>

function nameInWords(action: string, { nameOf }: TitleOf): string {
  return capital(operationInWords(nameOf?.(action) ?? action))
}

/** Lists requested actions that cannot be allowed, with the reason. */
function leftOut({ outlook }: ConsentOffer, view: ActionLabels): Html {
  const { forbidden, withheld } = outlook
  return html`${leftOutFor(withheld, 'this program cannot prove possession of a key', view)}${leftOutFor(forbidden, 'a policy forbids it', view)}`
}

function leftOutFor(
  names: ReadonlySet<string>,
  why: string,
  { known: { riskOf }, titleOf }: ActionLabels,
): Html | false {
  if (names.size === 0) return false
  const risks = new Set([...names].map(riskOf))
  const [risk = ''] = risks.size === 1 ? risks : []
  const what = [risk, names.size === 1 ? 'action' : 'actions'].filter(Boolean).join(' ')
  return html`<details class="group"><summary class="line"><span class="name">Left out</span> <span class="soft">${names.size} ${what}: ${why}</span></summary>
<ul class="plain">${[...names].map((action) => html`<li class="soft">${show(nameInWords(action, titleOf))}</li>`)}</ul></details>`
}

/** Tells whether the person chose it the last time; yes, if there was none. */
function isChosen({ detail }: ConsentChoice, { before }: AuthorizeView): boolean {
  if (!before) return true
  return detail.actions.every((action) => before.some(({ actions }) => actions.includes(action)))
}

/** Shows that nothing can be allowed as things are. Says why, who can change that, and how. */
function shut(view: AuthorizeView): Html {
  const { asked, offer } = view
  const introduce = offer.standing === 'quarantined' && !offer.known
  return html`${notice('warn', ...SHUT[offer.standing])}
${offer.standing === 'quarantined' && nextSteps(view)}
<form method="post" action="/authorize/${asked.id}">${csrfField(view.viewer)}<div class="actions">
${introduce && html`<button class="primary" name="answer" value="introduce">Ask for it to be let in</button>`}
<button name="answer" value="deny">Back to the program without access</button></div></form>`
}

const SHUT: Readonly<Record<ConsentOffer['standing'], readonly [title: string, text: Html]>> = {
  open: ['', html``],
  quarantined: [
    'This program is not let in yet',
    html`<p>It came by itself, and no rule of your organization knows it. Until an administrator lets it in, it may do nothing, even if you allow it.</p>`,
  ],
  beyond: [
    'This program may never do what it asks for',
    html`<p>What it asks for lies outside of what an administrator set as the most it may be given.</p>`,
  ],
  keyless: [
    'This program cannot do what it asks for',
    html`<p>It cannot prove possession of a key, and no program without one may do this.</p>`,
  ],
  forbidden: [
    'This program may never do what it asks for',
    html`<p>A policy forbids it, even if you allow it.</p>`,
  ],
  stopped: [
    'This program is stopped',
    html`<p>An administrator suspended or retired it. It may do nothing.</p>`,
  ],
  gone: [
    'What it wants to use is not available',
    html`<p>It is suspended, or not offered any more.</p>`,
  ],
}

function nextSteps({ administrators, offer }: AuthorizeView): Html {
  const them = administrators.length > 0 ? show(administrators.join(', ')) : html`an administrator`
  return html`<section class="card" aria-labelledby="next"><h2 id="next">${offer.known ? 'It waits for an administrator' : 'How it is let in'}</h2>
<p>${them} can let it in, by saying how far it is trusted and what it may be given at most:</p>
${commandHtml(`remit agents limits ${offer.agent.id} --trust 1 --ceiling ACTION …`)}
<p class="soft">${offer.known ? 'Tell them its name above. When they have done it, start again in the program.' : 'Asking makes you its owner, the one who answers for it, and gives it nothing.'}</p></section>`
}
