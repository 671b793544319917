import {
  argumentName,
  type PartField,
  type PatternMode,
  SCOPES,
  type ScopeName,
} from '../../../approvals/approvals/allowance/index.ts'
import { ALLOWANCE_LIMITS } from '../../../approvals/approvals/index.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { csrfField, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { notice } from '../frame/pieces.ts'
import { asSentence, marked, show } from '../frame/show.ts'
import { type AllowanceScope, endInWords } from './allowance-words.ts'

/** Contents of the section about permission for more than one call. */
export interface AllowanceForm {
  readonly parts: readonly PartField[]
  /** Fields as they were sent before, to be shown again. */
  readonly fields: ReadonlyMap<string, string>
  readonly mistake?: string | undefined
}

const USUAL_USES = 5

/** *Answer more than this once*: closed until it is opened, and its button grants nothing yet. */
export function allowanceForm(
  form: AllowanceForm,
  view: AllowanceScope & { readonly id: string; readonly viewer: Viewer },
): Html {
  const { fields, mistake, parts } = form
  const { uses } = ALLOWANCE_LIMITS
  const needed = fields.get('often') === 'needed'
  return html`<section class="card" aria-labelledby="more"><details${mistake !== undefined && html` open`}><summary id="more">Answer more than this once</summary>
<div class="stack">${mistake !== undefined && notice('bad', 'Nothing was granted', html`<p>${asSentence(mistake)}</p>`)}
<p>Calls like this one then go through without asking. You see in words what you would grant before you grant it.</p>
<form method="post" action="/approvals/${view.id}/allowance">${csrfField(view.viewer)}
<fieldset><legend>Which calls</legend>${parts.length === 0 ? html`<p>This call has no arguments: every call of the action is the same.</p>` : parts.map((part) => partField(part, fields))}
<p class="hint">A call with any other argument asks again.</p></fieldset>
<fieldset><legend>How often</legend>
<div class="choice"><input type="radio" id="often-some" name="often" value="some"${!needed && html` checked`}><label for="often-some">A number of times, this call included</label>
<div class="field"><label for="uses" class="hint">${uses.least} to ${uses.most}</label><input class="short" type="text" inputmode="numeric" id="uses" name="uses" autocomplete="off" value="${fields.get('uses') ?? String(USUAL_USES)}"></div></div>
<div class="choice"><input type="radio" id="often-needed" name="often" value="needed"${needed && html` checked`}><label for="often-needed">As often as it wants</label></div></fieldset>
<div class="field"><label for="scope">Where and until when</label><select id="scope" name="scope">${scopes(view, fields.get('scope'))}</select></div>
<div class="actions"><button>Look at it first</button></div></form></div></details></section>`
}

function scopes(view: AllowanceScope, chosen: string | undefined): Html[] {
  const names = Object.keys(SCOPES) as ScopeName[] // as: the keys of that very object
  return names
    .filter((name) => name !== 'task-hour' || view.deadline - view.now > HOUR)
    .map((name) => {
      const scope = SCOPES[name]
      const where =
        scope.tie === 'task'
          ? html`In this task`
          : html`In every task of ${show(view.agent)} for ${show(view.person)}`
      return html`<option value="${name}"${name === chosen && html` selected`}>${where}, ${endInWords(scope, view)}</option>`
    })
}

const LABEL: Readonly<Record<Exclude<PatternMode, 'is'>, string>> = {
  at_most: 'is at most',
  starts: 'starts with',
  any: 'may be anything, or left out',
}

function partField(part: PartField, fields: ReadonlyMap<string, string>): Html {
  const { hows, how, leaf, text } = part
  const chosen = fields.get(how) ?? 'is'
  const options = hows.map((each) => {
    const id = `${how}-${each}`
    const label =
      each === 'is' ? html`is exactly <span class="value">${show(leaf.text)}</span>` : LABEL[each]
    const bounded = each === 'at_most' || each === 'starts'
    return html`<div class="choice"><input type="radio" id="${id}" name="${how}" value="${each}"${each === chosen && html` checked`}><label for="${id}">${label}</label>
${bounded && html`<div><input class="short" type="text" name="${text}" aria-label="${`${argumentName(leaf.path)} ${LABEL[each]}`}" value="${fields.get(text) ?? leaf.text}" autocomplete="off"${each === 'at_most' && html` inputmode="decimal"`}></div>`}</div>`
  })
  return html`<fieldset class="field"><legend class="argument">${marked(argumentName(leaf.path))}</legend>${options}</fieldset>`
}
