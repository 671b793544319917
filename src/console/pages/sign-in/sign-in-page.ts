import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { html } from '../frame/html.ts'
import { facts, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'

export interface ProviderChoice {
  readonly name: string
  readonly href: string
}

export interface SignInView {
  readonly choices: readonly ProviderChoice[]
  /** True if a person may type an address, by whose domain their provider is found. */
  readonly asks: boolean
  readonly returnTo: string
  /** Address that was typed and led nowhere. */
  readonly address: string
  /** Name of the one that was chosen and does not answer. */
  readonly down: string | undefined
}

/** Asks which identity provider, when there are several; what to do when there is none. */
export function signInPage(view: SignInView): string {
  const { choices } = view
  const body =
    choices.length > 0
      ? html`<div class="head"><h1>Sign in</h1><p class="lead">Remit knows people through your organization’s identity provider.</p></div>
${view.down !== undefined && notice('warn', `${view.down} cannot be reached right now`, html`<p>Try again in a moment. If you have an account at another provider, that is another person here.</p>`)}
${view.asks && addressForm(view)}
<div class="card">${view.asks && html`<h2>Or choose your identity provider</h2>`}<ul class="list">${choices.map(({ name, href }) => html`<li><a class="button wide" href="${href}">${show(name)}</a></li>`)}</ul></div>`
      : html`<div class="head"><h1>No one can sign in yet</h1><p class="lead">No identity provider is configured.</p></div>
<div class="card"><p>Set <code>REMIT_IDP_ISSUER</code> and <code>REMIT_IDP_CLIENT_ID</code> to an OpenID Connect provider, and start Remit again. The provider has to know the address <code>/sign-in/callback</code> of this server.</p></div>`
  return documentOf({ title: 'Sign in', body })
}

/** INVARIANT: it is told by the domain alone, so that no stranger learns who is known here. */
function addressForm({ address, returnTo }: SignInView) {
  return html`<form class="card" method="post" action="/sign-in"><input type="hidden" name="return_to" value="${returnTo}">
${address !== '' && notice('calm', 'No provider is known for that address', html`<p>Choose one below.</p>`)}
<div class="field"><label for="email">Your e-mail address <span class="hint">it finds your provider</span></label>
<input type="email" id="email" name="email" value="${address}" autocomplete="username" required></div>
<div class="actions"><button class="primary">Continue</button></div></form>`
}

export function signedOutPage(): string {
  return documentOf({
    title: 'Signed out',
    body: html`<div class="head"><h1>You are signed out</h1><p class="lead">Your identity provider may still know you. Sign out there too if this is not your computer.</p></div>
<div class="actions"><a class="button primary" href="/">Sign in again</a></div>`,
  })
}

/**
 * Goes on to another origin after a form. A redirect would be part of the form's navigation, and `form-action 'self'`
 * stops those; so the browser is sent on by the page.
 */
export function onwardPage(onward: {
  title: string
  text: string
  label: string
  to: string
}): string {
  return documentOf({
    title: onward.title,
    onward: onward.to,
    body: html`<div class="head"><h1>${onward.title}</h1><p class="lead">${onward.text}</p></div>
<div class="actions"><a class="button primary" href="${onward.to}">${onward.label}</a></div>`,
  })
}

/** The one-time link for the first administrator. Looking at it changes nothing. */
export function setupPage(view: {
  valid: boolean
  token: string
  providers: readonly ProviderSetup[]
}): string {
  if (!view.valid) {
    return documentOf({
      title: 'Setup link',
      body: html`<div class="head"><h1>This link does not work any more</h1><p class="lead">It is good once, for an hour, and only while Remit has no administrator.</p></div>
<div class="card"><p>The operator of the server can make a new one: restart it, and it prints the link as long as there is no administrator.</p></div>`,
    })
  }
  return documentOf({
    title: 'Become the first administrator',
    body: html`<div class="head"><h1>Become the first administrator</h1><p class="lead">Remit has no administrator yet. The person who signs in with this link becomes one.</p></div>
<div class="card"><p>Administrators register agents and APIs, publish policies, and can stop anything. They can do no more for an agent than policies say, and everything they do is in the ledger.</p>
${view.providers.length === 0 && notice('warn', 'No identity provider is configured', html`<p>Configure one first, then open this link again.</p>`)}
${view.providers.map(({ name, issuer }) => html`<form method="post" action="/setup/${view.token}"><input type="hidden" name="provider" value="${issuer}"><div class="actions"><button class="primary"><span>Sign in with ${show(name)}</span></button></div></form>`)}</div>`,
  })
}

export interface ProviderSetup {
  readonly name: string
  readonly issuer: string
}

/** Hands the command line a session of its own. */
export function cliPage(view: {
  viewer: Viewer
  port: string
  fields: ReadonlyMap<string, string>
}): string {
  const hidden = [...view.fields].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return documentOf({
    title: 'Sign in the command line',
    viewer: view.viewer,
    body: html`<div class="head"><h1>Sign in the command line?</h1><p class="lead">A program on this computer asks to act as you in Remit.</p></div>
<div class="card">${facts([
      ['You are', show(view.viewer.name)],
      ['It waits at', html`<code>127.0.0.1:${view.port}</code>, on this computer`],
      ['For', 'At most 12 hours'],
    ])}
<p>It can do what you can do in the management interface. It cannot answer access requests, and what widens access you confirm here.</p>
${notice('warn', 'Only go on if you just ran a command', html`<p>If you did not type <code>remit login</code> a moment ago, close this page.</p>`)}
<form method="post" action="/cli">${csrfField(view.viewer)}${hidden}<div class="actions"><button class="primary">Sign in the command line</button><a class="button" href="/">Cancel</a></div></form></div>`,
  })
}
