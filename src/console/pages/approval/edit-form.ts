import { argumentName } from '../../../approvals/approvals/allowance/index.ts'
import type { Edit, EditableArgument, EditedArgument } from '../../../approvals/call-edits/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { type AnsweringView, inPlaceOf } from '../frame/in-place-of.ts'
import { facts, notice } from '../frame/pieces.ts'
import { asSentence, MAX_HEADING, marked, show } from '../frame/show.ts'
import { duration } from '../frame/time.ts'
import {
  type SigningNeed,
  signing,
  signingAttributes,
  signsButton,
} from '../passkey/passkey-form.ts'
import { calledOut, type ShownCall } from './shown-call.ts'

/** Contents of the section in which an approver changes a call. */
export interface EditForm {
  readonly editable: readonly EditableArgument[]
  /** Fields as they were sent before, to be shown again. */
  readonly fields: ReadonlyMap<string, string>
  readonly mistake?: string | undefined
}

const textField = (i: number) => `edit-${i}`
const keepField = (i: number, item: number) => `keep-${i}-${item}`

/** *Approve with changes*: closed until it is opened, and its button grants nothing yet. */
export function editForm(
  { editable, fields, mistake }: EditForm,
  { id, viewer }: { readonly id: string; readonly viewer: Viewer },
): Html {
  return html`<section class="card" aria-labelledby="edit"><details${mistake !== undefined && html` open`}><summary id="edit">Approve with changes</summary>
<div class="stack">${mistake !== undefined && notice('bad', 'Nothing was approved', html`<p>${asSentence(mistake)}</p>`)}
<p>You can make a number smaller and take items off a list. The call as it was asked is denied, and the agent is told what you changed.</p>
<form method="post" action="/approvals/${id}/edit">${csrfField(viewer)}${editable.map((each, i) => argumentField(each, i, fields))}
<div class="actions"><button>Look at it first</button></div></form></div></details></section>`
}

function argumentField(
  { items, leaf }: EditableArgument,
  i: number,
  fields: EditForm['fields'],
): Html {
  const name = marked(argumentName(leaf.path))
  if (!items) {
    const field = textField(i)
    return html`<div class="field"><label for="${field}">${name} <span class="hint">less than ${show(leaf.text)}</span></label><input class="short" type="text" inputmode="decimal" id="${field}" name="${field}" value="${fields.get(field) ?? leaf.text}" autocomplete="off"></div>`
  }
  const again = fields.size > 0
  return html`<fieldset><legend class="argument">${name}</legend>${items.map((item, j) => {
    const field = keepField(i, j)
    const stays = !again || fields.has(field)
    return html`<div class="choice"><input type="checkbox" id="${field}" name="${field}" value="on"${stays && html` checked`}><label for="${field}"><span class="value">${show(item)}</span></label></div>`
  })}<p class="hint">What is not ticked is taken off.</p></fieldset>`
}

/** Changes as the form says them: of arguments that stay as they are, none. */
export function editsFrom({ editable, fields }: EditForm): readonly Edit[] {
  return editable.flatMap(({ items, leaf: { path, text } }, i): Edit[] => {
    if (!items) {
      const given = (fields.get(textField(i)) ?? text).trim()
      return given === text ? [] : [{ path, text: given }]
    }
    const keep = [...items.keys()].filter((item) => fields.has(keepField(i, item)))
    return keep.length === items.length ? [] : [{ path, keep }]
  })
}

/** Parses the changes that the page which showed them sends back. They are still unchecked. */
export function changesIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('approval.bad_edit', 'the changes cannot be read')
  }
}

export interface EditPreview extends AnsweringView {
  readonly id: string
  /** Sentence of the call as it was changed; has been through `visible`. */
  readonly sentence: string
  readonly changes: readonly EditedArgument[]
  readonly call: ShownCall
  readonly edits: readonly Edit[]
  readonly lifetimeMs: number
  /** Digest of the displayed page. */
  readonly shown: string
  readonly sign: SigningNeed
}

/** Shows the call as it would be approved. Only the button on this page approves it. */
export function editPage(view: EditPreview): string {
  const { call, id, sign, viewer } = view
  const body = html`<div class="head"><p class="eyebrow"><span>Approve with changes</span></p>
<h1 class="sentence">${marked(view.sentence, MAX_HEADING, view.call.words)}</h1></div>
<section class="card" aria-labelledby="changes"><h2 id="changes">What you change</h2>${editedFacts(view.changes)}</section>
<section class="card" aria-labelledby="what"><h2 id="what">Exactly what is sent</h2>${calledOut(call, id)}</section>
<form method="post" action="/approvals/${id}"${signingAttributes(sign)}>${csrfField(viewer)}<input type="hidden" name="shown" value="${view.shown}"><input type="hidden" name="shown_at" value="${String(view.now)}"><input type="hidden" name="edits" value="${JSON.stringify(view.edits)}">
<section class="card" aria-labelledby="answer"><h2 id="answer">Your answer</h2>
<p>The agent may send exactly this call, once, for ${duration(view.lifetimeMs)} at most. The call as it was asked is denied.</p>
<div class="field"><label for="reason">Reason <span class="hint">optional; the agent is told</span></label>
<textarea id="reason" name="reason" maxlength="500" rows="2" autocomplete="off"></textarea></div>
${inPlaceOf(view)}${signing(sign, `/approvals/${id}`)}<div class="actions">${sign !== 'enrol' && html`<button class="primary" name="answer" value="approve"${signsButton(sign)}>${sign ? 'Sign and approve' : 'Approve'} with these changes</button>`}<a class="button" href="/approvals/${id}">Back</a></div></section></form>`
  return documentOf({
    ...{ title: 'Approve with changes', body, viewer, current: 'approvals' },
    script: typeof sign === 'object' ? 'passkey' : undefined,
  })
}

/** Each changed argument, as it is and as it was. */
export function editedFacts(changes: readonly EditedArgument[]): Html {
  return facts(
    changes.map(({ from, path, to }) => [
      argumentName(path),
      html`<span class="value">${show(to)}</span> <span class="soft">instead of</span> <span class="value">${show(from)}</span>`,
    ]),
  )
}
