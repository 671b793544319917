import { type Problem, type ProblemCode, problemKind } from '../../platform/lib/problem.ts'
import { documentOf, type Viewer } from './frame/document.ts'
import { type Html, html } from './frame/html.ts'
import { asSentence, show } from './frame/show.ts'

/** Advice to people, for the problems that they meet. */
const HELP: Partial<Readonly<Record<ProblemCode, string>>> = {
  'request.not_found':
    'This page does not exist, or you do not have access to it. Check the address, and that you are signed in as the right person.',
  'api.not_permitted': 'Ask an administrator, or sign in as one.',
  'request.cross_site': 'Go to the page itself and press the button there.',
  'authorization.bad_request':
    'Nothing was allowed and nothing was sent on, so you can close this page. If the program is yours, this is what to correct in it.',
  'authorization.unknown':
    'Start again in the program that sent you here: it opens the page again. If someone gave you this address, leave it at that.',
  'authorization.not_pending': 'Start again in the program that sent you here.',
  'session.required': 'Your session has ended. Sign in, then do it again: nothing was changed.',
  'session.wrong_form':
    'The page is from another session, perhaps one that you have signed out of. Open it again and repeat what you did.',
  'sign_in.failed':
    'Sign in again. If it fails each time, show this page to an administrator: it says what the provider has to change, and the log has more under this request id.',
  'sign_in.unknown': 'A sign-in has to be finished within ten minutes, once. Start again.',
  'sign_in.wrong_browser': 'Finish signing in in the browser you began in. Start again.',
  'setup.link_invalid':
    'Restart the server to get a new link; it prints one while there is no administrator.',
  'setup.closed': 'Ask the administrator for what you need.',
  'server.failed':
    'Nothing was permitted because of this. The operator of the server can find the cause by the request id.',
}

/** Link to where a person can go from here. */
function way(problem: Problem): Html {
  if (problem.code === 'session.required' || problem.code.startsWith('sign_in.')) {
    return html`<a class="button primary" href="/sign-in">Sign in</a>`
  }
  return html`<a class="button" href="/">Go to the start</a>`
}

/**
 * Details of failures on our side stay in the log. A fault of an identity provider is not ours, and its operator has to hear of it.
 * INVARIANT: a missing subject and a hidden one have the same words.
 */
function isForPeople({ code, status }: Problem): boolean {
  return (status < 500 && code !== 'request.not_found') || code === 'sign_in.failed'
}

/** Page of a problem, in words. The code and the request id are for people who are asked for help. */
export function problemPage(problem: Problem, requestId: string, viewer?: Viewer): string {
  const { status, title } = problemKind(problem.code)
  const help = HELP[problem.code]
  return documentOf({
    title,
    viewer,
    body: html`<div class="head"><p class="eyebrow">${status}</p><h1>${title}</h1>
<p class="lead">${isForPeople(problem) && html`${show(asSentence(problem.detail))}`} ${help}</p></div>
<div class="actions">${way(problem)}</div>
<p class="soft small">Code <code>${problem.code}</code> · Request <code>${requestId}</code></p>`,
  })
}
