import type { Bound, Detail, Risk } from '@remit/engine'
import { RISKS } from '@remit/engine'
import { type CatalogView, countedAccess, countedRisk } from '../../catalog/catalog/index.ts'
import { isPaging } from '../../catalog/catalog-changes/index.ts'
import { pointerTo } from '../../platform/lib/json-pointer.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Answers of a person, by the names of a form's fields. */
type ChosenFields = ReadonlyMap<string, string>

/**
 * Facts about actions that may be allowed, as gates count them: no server makes its
 * own tools look harmless by what it says of them.
 */
export interface ActionFacts {
  /** JSON Pointers of arguments of an action that a largest value can be set for. */
  readonly limitsOf: (location: string, action: string) => readonly string[]
  readonly riskOf: (action: string) => Risk | undefined
  /** It changes nothing. */
  readonly isReading: (action: string) => boolean
}

export function knownIn(catalog: CatalogView): ActionFacts {
  const of = (name: string) => catalog.actions.get(name)
  return {
    limitsOf: limitsIn(catalog),
    riskOf: (name) => {
      const action = of(name)
      return action && countedRisk(action)
    },
    isReading: (name) => {
      const action = of(name)
      return action !== undefined && countedAccess(action) === 'read'
    },
  }
}

/** Numbers among the arguments of an action, without those of pages: those that a largest value can be set for. */
function limitsIn(catalog: CatalogView): ActionFacts['limitsOf'] {
  return (location, action) => {
    const found = catalog.actions.get(action)
    const resource = catalog.byIdentifier.get(location)
    if (!found || found.resource !== resource?.name) return []
    return found.arguments.arguments
      .filter(({ type }) => type.kind === 'integer' || type.kind === 'decimal')
      .filter(({ name }) => !isPaging(found, name))
      .map(({ name }) => pointerTo(name))
  }
}

export type BoundChoice =
  /** One value is one value. */
  | { readonly kind: 'fixed'; readonly bound: Bound }
  | {
      readonly kind: 'values'
      readonly bound: Bound
      readonly values: readonly { readonly name: string; readonly value: string }[]
    }
  | { readonly kind: 'text'; readonly bound: Bound; readonly name: string; readonly value: string }
  /** No bound yet: the person may set one. */
  | { readonly kind: 'limit'; readonly path: string; readonly name: string }

export interface ConsentChoice {
  readonly index: number
  readonly detail: Detail
  readonly bounds: readonly BoundChoice[]
  /** The highest of what it allows; `undefined` where the catalog does not know. */
  readonly risk: Risk | undefined
  /** Allows nothing but to look. */
  readonly reading: boolean
}

/** Name of the field of the "none of these" box of a group on the page (do or hand on, for each risk class). */
export function groupOf({ detail, risk }: Pick<ConsentChoice, 'detail' | 'risk'>): string {
  return `none-${detail.type === 'remit_call' ? 'do' : 'hand-on'}-${risk ?? 'other'}`
}

/** Tells whether a person has to tick the choice themselves. */
export function isRisky({ risk }: Pick<ConsentChoice, 'risk'>): boolean {
  return risk !== 'low' && risk !== 'medium'
}

/** More than a person would read one by one: then they are taken or left as the agent put them together. */
const MAX_CHOICES = 64

/** Each action by itself, however the agent bundled them: taking one must not mean taking its neighbours. */
function perAction(details: readonly Detail[]): readonly Detail[] {
  const single = details.flatMap((detail) =>
    detail.actions.map((action) => ({ ...detail, actions: [action] })),
  )
  return single.length <= MAX_CHOICES ? single : details
}

/** Lists what a person can change about the request, with the names of the form fields for it. */
export function consentChoices(details: readonly Detail[], known: ActionFacts): ConsentChoice[] {
  return perAction(details).map((detail, index) => ({
    index,
    detail,
    risk: highest(detail, known),
    reading: detail.type === 'remit_call' && detail.actions.every(known.isReading),
    bounds: [
      ...detail.bounds.map((bound, i) => boundChoice(bound, `bound-${index}-${i}`)),
      ...newLimits(detail, known).map(
        (path): BoundChoice => ({ kind: 'limit', path, name: `limit-${index}-${path}` }),
      ),
    ],
  }))
}

function highest({ actions }: Detail, { riskOf }: ActionFacts): Risk | undefined {
  const risks = actions.map(riskOf)
  return risks.includes(undefined) ? undefined : RISKS.findLast((risk) => risks.includes(risk))
}

function boundChoice(bound: Bound, name: string): BoundChoice {
  const { op, value } = bound
  if (typeof value !== 'string') {
    const values = value.map((one, i) => ({ name: `${name}-${i}`, value: one }))
    return { kind: 'values', bound, values }
  }
  return op === 'eq' ? { kind: 'fixed', bound } : { kind: 'text', bound, name, value }
}

/** Limits that hold for every call of the detail: arguments that all of its actions have, and no bound is on yet. */
function newLimits(detail: Detail, { limitsOf }: ActionFacts): readonly string[] {
  const bound = new Set(detail.bounds.map(({ path }) => path))
  const perAction = detail.locations.flatMap((location) =>
    detail.actions.map((action) => limitsOf(location, action)),
  )
  const [first = [], ...others] = perAction
  return first.filter((path) => !bound.has(path) && others.every((paths) => paths.includes(path)))
}

/**
 * Details that a form leaves of the request. They are built from the request, never from the form:
 * fields only take away, or put another value in a bound. Whether that is less is for the engine to
 * say (`contains`), when it is granted.
 */
export function narrowed(
  details: readonly Detail[],
  known: ActionFacts,
  fields: ChosenFields,
): readonly Detail[] {
  const left = consentChoices(details, known)
    .filter((choice) => isLeft(choice, fields))
    .map(({ detail, bounds }) => ({
      ...detail,
      bounds: bounds.flatMap((choice) => boundLeft(choice, fields)),
    }))
  return bundled(left)
}

/** Ticked, and not left out with its group, nor with everything that changes something. */
function isLeft(choice: ConsentChoice, fields: ChosenFields): boolean {
  if (fields.get(groupOf(choice)) === 'yes') return false
  if (fields.get('answer') === ONLY_READING && !choice.reading) return false
  return fields.get(`detail-${choice.index}`) === 'yes'
}

/** Actions with the same bounds at the same places again as one detail: tokens carry these, and stay small. */
function bundled(details: readonly Detail[]): readonly Detail[] {
  const alike = Map.groupBy(details, ({ type, locations, bounds }) =>
    JSON.stringify([type, locations, bounds]),
  )
  return [...alike.values()].flatMap((group) => {
    const [first] = group
    return first
      ? [{ ...first, actions: [...new Set(group.flatMap(({ actions }) => actions))] }]
      : []
  })
}

function boundLeft(choice: BoundChoice, fields: ChosenFields): Bound[] {
  switch (choice.kind) {
    case 'fixed':
      return [choice.bound]
    case 'values': {
      const left = choice.values.filter(({ name }) => fields.get(name) === 'yes')
      if (left.length === 0) {
        throw new Problem('consent.nothing_granted', 'of a list of values, leave at least one')
      }
      return [{ ...choice.bound, value: left.map(({ value }) => value) }]
    }
    case 'text':
      return [{ ...choice.bound, value: fields.get(choice.name)?.trim() ?? choice.value }]
    case 'limit': {
      const value = fields.get(choice.name)?.trim() ?? ''
      return value === '' ? [] : [{ path: choice.path, op: 'lte', value }]
    }
  }
}

/** Value of the button that allows only the ticked actions that change nothing. */
export const ONLY_READING = 'read'

/** Tells whether a yes was said, to all that is ticked or to reading alone. */
export function isYes(answer: string | undefined): boolean {
  return answer === 'grant' || answer === ONLY_READING
}
