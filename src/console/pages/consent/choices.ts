import type { Detail, Risk } from '@remit/engine'
import { RISKS } from '@remit/engine'
import type { Fields } from '../../../platform/http/index.ts'
import { type ConsentChoice, groupOf, isRisky } from '../../../tasks/consent/index.ts'
import { argumentInWords, boundInWords } from '../frame/authority.ts'
import { type Html, html } from '../frame/html.ts'
import { isDeceptive, show } from '../frame/show.ts'

/** Enter in a field presses the first button of its form. A yes is pressed, and nothing else is one: this one does nothing. */
export const NOT_BY_ENTER = html`<button disabled hidden></button>`

/** Number of choices that are all seen at once. */
const MAX_OPEN = 6

const RISK_WORDS: Readonly<Record<Risk, string>> = {
  low: 'Low risk',
  medium: 'Medium risk',
  high: 'High risk',
  critical: 'Critical',
}

export interface ChoicesView {
  readonly choices: readonly ConsentChoice[]
  readonly inWords: (detail: Detail) => Html
  /** Tells whether one is ticked before the person looks; risky ones are not. */
  readonly chosen?: ((choice: ConsentChoice) => boolean) | undefined
  /** Note for the group that a choice is in. */
  readonly noteOf?: ((choice: ConsentChoice) => string | undefined) | undefined
  /**
   * Fields as they were sent with a mistake: shown again, so that nothing that was taken out comes
   * back.
   */
  readonly sent?: Fields | undefined
}

/**
 * Lists what may be done, and apart from it what may be handed on, by risk class, the lowest first.
 */
export function choicesInGroups(view: ChoicesView): Html {
  const { choices } = view
  const open = choices.length <= MAX_OPEN
  const calls = choices.filter(({ detail }) => detail.type === 'remit_call')
  const handedOn = choices.filter(({ detail }) => detail.type === 'remit_delegate')
  const groups = (some: readonly ConsentChoice[]) =>
    byRisk(some).map((group) => groupHtml(group, view, open))
  return html`${groups(calls)}${
    handedOn.length > 0 &&
    html`<div class="apart"><h3>What it wants to hand on to other agents</h3>
<p class="soft small">They may do it for you, within a task below this one. That does not let it do any of this itself.</p></div>
${groups(handedOn)}`
  }`
}

/** Choices of the same kind and risk class, none of them empty. */
function byRisk(choices: readonly ConsentChoice[]): (readonly ConsentChoice[])[] {
  const groups = Map.groupBy(choices, ({ risk }) => risk)
  return [...RISKS, undefined].flatMap((risk) => {
    const group = groups.get(risk)
    return group ? [group] : []
  })
}

function groupHtml(group: readonly ConsentChoice[], view: ChoicesView, open: boolean): Html {
  const [first] = group
  if (!first) return html``
  const words = first.risk ? RISK_WORDS[first.risk] : 'Other'
  const risky = isRisky(first)
  const none = groupOf(first)
  const out = view.sent?.get(none) === 'yes'
  const fields = group.map((choice) => choiceHtml(choice, view))
  const all =
    group.length > 1 &&
    !risky &&
    html`<div class="choice"><input type="checkbox" id="${none}" name="${none}" value="yes"${out && html` checked`}><label for="${none}">None of these</label></div>`
  const notes = [
    ...(risky ? ['Nothing here is ticked for you. Tick what it needs.'] : []),
    ...new Set(group.flatMap((choice) => view.noteOf?.(choice) ?? [])),
  ]
  const unticked = notes.length > 0 && html`<p class="soft small">${notes.join(' ')}</p>`
  if (open)
    return html`<fieldset><legend>${words}</legend>${unticked}
${fields}</fieldset>`
  const known = view.sent !== undefined && risky
  return html`<details class="group"${known && html` open`}><summary class="line"><span class="name">${words}</span> <span class="soft">${countWords(group, view)}</span></summary>
<fieldset><legend class="away">${words}</legend>${unticked}${all}
${fields}</fieldset></details>`
}

/** `12 actions, all ticked` */
function countWords(group: readonly ConsentChoice[], view: ChoicesView): string {
  const ticked = group.filter((choice) => isTicked(choice, view)).length
  const some = group.length === 1 ? '1 action' : `${group.length} actions`
  if (ticked === 0) return `${some}, none ticked`
  if (ticked === group.length) return group.length === 1 ? `${some}, ticked` : `${some}, all ticked`
  return `${some}, ${ticked} ticked`
}

function isTicked(choice: ConsentChoice, { chosen = () => true, sent }: ChoicesView): boolean {
  if (sent) return sent.get(`detail-${choice.index}`) === 'yes'
  return !isRisky(choice) && chosen(choice)
}

/** One thing to take or leave; how it can be narrowed opens on demand. */
function choiceHtml(choice: ConsentChoice, view: ChoicesView): Html {
  const { bounds, detail, index } = choice
  const fields = bounds.filter((bound) => bound.kind !== 'fixed')
  const asked = fields.some(({ kind }) => kind !== 'limit')
  const id = `detail-${index}`
  return html`<div class="choice"><input type="checkbox" id="${id}" name="${id}" value="yes"${isTicked(choice, view) && html` checked`}>
<label for="${id}" id="${id}-words">${view.inWords(detail)}</label>
${
  fields.length > 0 &&
  html`<details class="limits"${isNarrowed(fields, view.sent) && html` open`}><summary class="less">${asked ? 'Change its limits' : 'Set a limit'}</summary><div class="narrow" role="group" aria-labelledby="${id}-words">${fields.map((field) => boundField(field, view.sent))}</div></details>`
}</div>`
}

type BoundField = Exclude<ConsentChoice['bounds'][number], { kind: 'fixed' }>

/** Something was typed into it: it is seen again with the mistake. */
function isNarrowed(fields: readonly BoundField[], sent: Fields | undefined): boolean {
  if (!sent) return false
  return fields.some((field) => {
    if (field.kind === 'values') return field.values.some(({ name }) => sent.get(name) !== 'yes')
    const before = field.kind === 'limit' ? '' : field.value
    return (sent.get(field.name) ?? before) !== before
  })
}

function boundField(field: BoundField, sent: Fields | undefined): Html {
  if (field.kind === 'values') {
    const boxes = field.values.map(
      ({ name, value }) =>
        html`<span class="choice"><input type="checkbox" id="${name}" name="${name}" value="yes"${(!sent || sent.get(name) === 'yes') && html` checked`}><label for="${name}">${show(value)}</label></span>`,
    )
    return html`<fieldset class="field"><legend class="hint">${show(argumentInWords(field.bound.path))} is one of</legend>${boxes}</fieldset>`
  }
  if (field.kind === 'limit') {
    return html`<div class="field"><label for="${field.name}" class="hint">${show(argumentInWords(field.path))} is at most</label>
<input class="short" type="text" inputmode="decimal" id="${field.name}" name="${field.name}" value="${sent?.get(field.name) ?? ''}" placeholder="no limit" autocomplete="off"></div>`
  }
  return html`<div class="field"><label for="${field.name}" class="hint">${boundInWords({ ...field.bound, value: '' })}</label>
<input class="short" type="text" id="${field.name}" name="${field.name}" value="${sent?.get(field.name) ?? field.value}" autocomplete="off">${isDeceptive(field.value) && html`<span class="hint">asked for is ${show(field.value)}</span>`}</div>`
}

/** The answers, always in reach. `lifetime`: the field for how long; `yes`: false where something has to come first. */
export function answerBar(bar: {
  readonly choices: readonly ConsentChoice[]
  readonly yes: boolean
  readonly lifetime: { readonly name: string; readonly options: Html }
  readonly soft: Html | string
}): Html {
  const { choices, lifetime, soft, yes } = bar
  const reading = choices.some((choice) => choice.reading && !isRisky(choice))
  const more = choices.some((choice) => !choice.reading)
  return html`<div class="answer">
<div class="for"><label for="${lifetime.name}">For</label><select id="${lifetime.name}" name="${lifetime.name}">${lifetime.options}</select></div>
<div class="actions">${yes && html`<button class="primary" name="answer" value="grant">Allow</button>${reading && more && html`<button name="answer" value="read">Only reading</button>`}`}<button class="danger" name="answer" value="deny">Refuse</button></div>
<p class="soft small">${soft}</p></div>`
}
