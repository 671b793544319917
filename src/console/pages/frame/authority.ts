import type { Bound, Detail } from '@remit/engine'
import { type CatalogView, displayedLimit, shownName } from '../../../catalog/catalog/index.ts'
import { capital, operationInWords } from './action-words.ts'
import { type Html, html } from './html.ts'
import { show } from './show.ts'

/** Finds the title of a resource by its identifier; `undefined` for a resource that is gone. */
export interface TitleOf {
  (location: string): string | undefined
  /** Writes a limit of an argument with its unit; `undefined`: it has none that is known. */
  readonly limitOf?: (action: string, path: string, limit: string) => string | undefined
  /** Finds the name by which people know an action. */
  readonly nameOf?: (action: string) => string | undefined
}

/** Words of the catalog for what tasks may do. */
export function titlesIn({
  actions,
  byIdentifier,
}: Pick<CatalogView, 'actions' | 'byIdentifier'>): TitleOf {
  const titleOf = (location: string) => byIdentifier.get(location)?.title
  const limitOf = (action: string, path: string, limit: string) => {
    const known = actions.get(action)
    return known && displayedLimit(known, path, limit)
  }
  const knownActionName = (action: string) => {
    const known = actions.get(action)
    return known && shownName(known)
  }
  return Object.assign(titleOf, { limitOf, nameOf: knownActionName })
}

function andList(items: readonly Html[]): Html {
  const last = items.at(-1)
  const before = items.slice(0, -1)
  if (!last || before.length === 0) return html`${last}`
  return html`${before.map((item, i) => (i === 0 ? item : html`, ${item}`))} and ${last}`
}

/** Says what a limit on answers counts. */
export function answersInWords({
  action,
  kind,
  path,
}: {
  readonly action: string
  readonly kind: 'charged' | 'rows'
  readonly path: string
}): Html {
  const what = kind === 'rows' ? 'counting' : 'adding up'
  const part = path === '' ? 'what is' : html`${show(argumentInWords(path))}`
  return html`${what} ${part} in the answers of <code>${action}</code>`
}

/** `/ship_to/city` → `ship_to city`. */
export function argumentInWords(path: string): string {
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join(' ')
}

const OPERATOR = {
  eq: 'is',
  in: 'is one of',
  lte: 'is at most',
  gte: 'is at least',
  prefix: 'begins with',
} as const satisfies Record<Bound['op'], string>

export function boundInWords(
  { path, op, value }: Bound,
  limitOf: (limit: string) => string | undefined = () => undefined,
): Html {
  const values = typeof value === 'string' ? [value] : value
  const told = values.map((one, i) => html`${i > 0 && ', '}<b>${show(limitOf(one) ?? one)}</b>`)
  return html`${show(argumentInWords(path))} ${OPERATOR[op]} ${told}`
}

/** One detail as a person reads it: *Refund orders, only where order_id is 1042 and amount is at most 1000.00.* */
export function detailInWords(detail: Detail, titleOf: TitleOf): Html {
  const places = detail.locations.map((location) => show(titleOf(location) ?? location))
  return sentence(detail, html` <span class="soft">at ${andList(places)}</span>`, titleOf)
}

/** Says one detail where everything is at one resource, which the page names once. */
export function detailInWordsHere(detail: Detail, titleOf: TitleOf): Html {
  return sentence(detail, undefined, titleOf)
}

function sentence(detail: Detail, where: Html | undefined, titleOf: TitleOf): Html {
  // One unit for all of its actions, or none is told.
  const sharedLimit = (path: string) => (limit: string) => {
    const [one, ...more] = new Set(
      detail.actions.map((action) => titleOf.limitOf?.(action, path, limit)),
    )
    return more.length === 0 ? one : undefined
  }
  const actions = detail.actions.map((action, i) => {
    const words = operationInWords(titleOf.nameOf?.(action) ?? action)
    return html`<strong title="${action}">${show(i === 0 ? capital(words) : words)}</strong>`
  })
  const bounds = detail.bounds.map((bound) => boundInWords(bound, sharedLimit(bound.path)))
  const only = bounds.length > 0 && html`<span class="bound">, only where ${andList(bounds)}</span>`
  return html`<div>${andList(actions)}${where}${only}</div>`
}

/** Details as a list of sentences. What may only be handed on says so. */
export function detailsInWords(details: readonly Detail[], titleOf: TitleOf): Html {
  return html`<ul class="sentences">${details.map((detail) => html`<li class="one"><div>${detailInWords(detail, titleOf)}${detail.type === 'remit_delegate' && html`<span class="soft small">to hand on to other agents</span>`}</div></li>`)}</ul>`
}

/** A trust level in words (contract 1). */
export const TRUST = [
  ['Quarantined', 'may do nothing until an administrator has looked at it'],
  ['External', 'run by someone outside your organization'],
  ['Partner', 'run by a partner of your organization'],
  ['Internal', 'run by your organization'],
] as const
