import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import { shownDigest } from '../../../approvals/approvals/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  answerableBeside,
  answerBatch,
  formTogether,
  type RefusedAnswer,
  togetherWith,
} from '../../../tasks/approval-desk/index.ts'
import { csrfField, documentOf } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { notice } from '../frame/pieces.ts'
import { asSentence, marked, show } from '../frame/show.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import {
  type SigningNeed,
  signing,
  signingAttributes,
  signsButton,
} from '../passkey/passkey-form.ts'
import {
  type Act,
  mistakeOf,
  notFound,
  type PageRouter,
  signatureFrom,
  type Visit,
} from '../visit.ts'
import { calledOut, type ShownCall, showRequest } from './shown-call.ts'

/** Pages on which requests of one task, with one action or submitted together, are answered together, with exceptions. */
export function addBatchApproval(
  desk: PageRouter,
  parts: Pick<PageParts, 'companionsOf' | 'decisions' | 'people'>,
): void {
  desk.get('/approvals/:id/together', async (visit) => togetherPage(parts, visit, []))

  desk.post('/approvals/:id/together', async (act) => {
    const { companionsOf, decisions } = parts
    const { fields, id, visitor } = act
    const answer = fields.get('answer')
    if (answer !== 'approve' && answer !== 'deny')
      throw new Problem('request.malformed', '`answer` is none that there is')
    const { person } = visitor
    const requests = await togetherWith(
      { ...decisions, companionsOf },
      { id, ids: pickedIn(fields), person },
    ).catch(asNotFound)
    const shown = new Map(requests.map((each) => [each.id, fields.get(`shown-${each.id}`) ?? '']))
    const form = answer === 'approve' && (await formTogether(decisions, person, requests))
    const signature = form ? signatureFrom(fields) : undefined
    if (form && !signature) return signPage(parts, act, { form, requests, shown })
    const { authTime, proved } = visitor.session
    const refused = await answerBatch(decisions, requests, {
      ...{ authTime, proved, shown, signature, person },
      answer,
      reason: fields.get('reason') || undefined,
    }).catch((error: unknown) => {
      const refusal = mistakeOf(error, 'passkey.')
      return requests.map(({ text: sentence }) => ({ sentence, refusal }))
    })
    for (const { refusal } of refused) mistakeOf(refusal, 'approval.', 'step_up.', 'passkey.')
    if (refused.length === 0 && (await besideHere(parts, act)).length === 0)
      return { to: '/approvals' }
    return { page: await togetherPage(parts, act, refused), status: refused.length > 0 ? 409 : 200 }
  })
}

function pickedIn(fields: Act['fields']): string[] {
  return [...fields.keys()].flatMap((name) => /^pick-(req_[\w-]+)$/.exec(name)?.[1] ?? [])
}

async function besideHere(
  { companionsOf, decisions }: Pick<PageParts, 'companionsOf' | 'decisions'>,
  { id, visitor }: Visit,
) {
  const parts = { ...decisions, companionsOf }
  return answerableBeside(parts, { id, person: visitor.person }).catch(asNotFound)
}

function asNotFound(error: unknown): never {
  throw error instanceof Problem && error.code === 'approval.unknown' ? notFound() : error
}

/** Lists exactly what one signature approves. Only the button on this page approves it. */
async function signPage(
  parts: Pick<PageParts, 'decisions'>,
  { fields, id, visitor: { viewer } }: Act,
  {
    form,
    requests,
    shown,
  }: {
    readonly form: Exclude<SigningNeed, undefined>
    readonly requests: readonly AccessRequest[]
    readonly shown: ReadonlyMap<string, string>
  },
): Promise<string> {
  const items: Html[] = []
  for (const request of requests) {
    const call = await showRequest(parts, request, viewer)
    items.push(html`<section class="card" aria-labelledby="${request.id}"><h2 id="${request.id}">${marked(request.text, undefined, call.words)}</h2>${calledOut(call, request.id)}</section>
<input type="hidden" name="pick-${request.id}" value="on"><input type="hidden" name="shown-${request.id}" value="${shown.get(request.id) ?? ''}">`)
  }
  const body = html`<div class="head"><h1>Sign ${String(requests.length)} approvals</h1><p class="lead">One signature approves each of these once, exactly as it is shown.</p></div>
<form method="post" action="/approvals/${id}/together"${signingAttributes(form)}>${csrfField(viewer)}<input type="hidden" name="reason" value="${fields.get('reason') ?? ''}">
${items}${signing(form, `/approvals/${id}/together`)}
<div class="actions">${form !== 'enrol' && html`<button class="primary" name="answer" value="approve"${signsButton(form)}>Sign and approve all ${String(requests.length)}</button>`}<a class="button" href="/approvals/${id}/together">Back</a></div></form>`
  return documentOf({
    ...{ title: 'Sign together', body, viewer, current: 'approvals' },
    script: form === 'enrol' ? undefined : 'passkey',
  })
}

async function togetherPage(
  parts: Pick<PageParts, 'companionsOf' | 'decisions' | 'people'>,
  visit: Visit,
  refused: readonly RefusedAnswer[],
): Promise<string> {
  const requests = await besideHere(parts, visit)
  const [first] = requests
  if (!first && refused.length === 0) throw notFound()
  const items: Html[] = []
  for (const request of requests) {
    const call = await showRequest(parts, request, visit.visitor.viewer)
    items.push(itemCard(request, call))
  }
  const names = new Names(parts)
  const who = first && {
    agent: await names.agent(first.agentId),
    person: await names.person(first.personId),
  }
  const { viewer } = visit.visitor
  const actions = new Set(requests.map(({ action }) => action))
  const body = html`<div class="head"><h1>Answer together</h1>
${first && who && html`<p class="lead">${Array.from(actions, (action) => html`<code>${action}</code>, `)}asked by ${show(who.agent)} for ${show(who.person)} in one task.</p>`}</div>
${refused.map(({ refusal, sentence }) => notice('bad', 'Not answered', html`<p>${marked(sentence)}</p><p>${asSentence(refusal.detail)}</p>`))}
${
  items.length > 0 &&
  html`<form class="answering" method="post" action="/approvals/${visit.id}/together">${csrfField(viewer)}
${items}
<section class="card" aria-labelledby="answer"><h2 id="answer">Your answer</h2>
<p>It is given to what is ticked, each once and exactly as it is shown. What is not ticked keeps waiting.</p>
<div class="field"><label for="reason">Reason <span class="hint">optional; the agent is told when you deny</span></label>
<textarea id="reason" name="reason" maxlength="500" rows="2" autocomplete="off"></textarea></div></section>
<div class="answer" role="group" aria-labelledby="answer"><div class="actions"><button class="primary" name="answer" value="approve">Approve what is ticked</button><button class="danger" name="answer" value="deny">Deny what is ticked</button></div></div></form>`
}
<p><a href="/approvals">All approvals</a></p>`
  return documentOf({ title: 'Answer together', body, viewer, current: 'approvals' })
}

function itemCard(request: AccessRequest, call: ShownCall): Html {
  const { id } = request
  return html`<section class="card" aria-labelledby="${id}"><input type="hidden" name="shown-${id}" value="${shownDigest(request)}">
<div class="choice"><input type="checkbox" id="pick-${id}" name="pick-${id}" value="on" checked><label for="pick-${id}"><strong id="${id}">${marked(request.text, undefined, call.words)}</strong></label></div>
${calledOut(call, id)}</section>`
}
