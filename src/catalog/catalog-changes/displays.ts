import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Action,
  type CatalogParts,
  changeAction,
  changeCatalog,
  displayMistake,
  kindAt,
} from '../catalog/index.ts'
import { requireAction } from './change-action.ts'
import { argumentPlaces } from './marks.ts'

type DisplayMap = Pick<Action, 'displays'>

/** Arguments of one action that are shown in a way of their own. */
const MAX_DISPLAYS = 100
const AMOUNTS = new Set(['amount', 'total', 'price', 'sum'])
const CURRENCIES = new Set(['currency', 'currencycode'])
const LINKS = /(?:url|uri|href|link)$/

function shownDisplays(displays: Readonly<Record<string, string>>): DisplayMap {
  return Object.keys(displays).length === 0 ? {} : { displays }
}

/**
 * Proposes how people are shown arguments: what the document says, and what names and types suggest. An administrator has the last
 * word (`setDisplay`). An integer beside a currency is left alone: it may count cents.
 */
export function proposedDisplays(action: Pick<Action, 'arguments' | 'displays'>): DisplayMap {
  const places = argumentPlaces(action)
  const proposed = places.flatMap(({ name, path }): [string, string][] => {
    const kind = kindAt(action, path, { inLists: true })
    if (kind === 'string' && LINKS.test(name)) return [[path, 'link']]
    if (kind !== 'decimal' || !AMOUNTS.has(name)) return []
    const beside = path.slice(0, path.lastIndexOf('/'))
    const currency = places.find(
      (each) =>
        CURRENCIES.has(each.name) && each.path.slice(0, each.path.lastIndexOf('/')) === beside,
    )
    const display = currency && `currency:${currency.path}`
    return display && !displayMistake(action, path, display) ? [[path, display]] : []
  })
  const all = { ...Object.fromEntries(proposed), ...action.displays }
  return shownDisplays(Object.fromEntries(Object.entries(all).slice(0, MAX_DISPLAYS)))
}

/** Keeps how arguments were shown before, where that still fits. */
export function keptDisplays(action: Action, old: Action): DisplayMap {
  const kept = Object.entries(old.displays ?? {}).filter(
    ([path, display]) => displayMistake(action, path, display) === undefined,
  )
  return { displays: undefined, ...shownDisplays(Object.fromEntries(kept)) }
}

/**
 * The administrator's word on how people are shown an argument; `undefined`: like any other. The sent, bounded and hashed call stays
 * as it is.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_display`, `catalog.changed`
 */
export async function setDisplay(
  parts: CatalogParts,
  change: {
    readonly action: string
    readonly path: string
    readonly display: string | undefined
    readonly by: string
  },
): Promise<Action> {
  const { by, display, path } = change
  const action = await requireAction(parts, change.action)
  const { [path]: before, ...others } = action.displays ?? {}
  const mistake = display === undefined ? undefined : displayMistake(action, path, display)
  if (mistake !== undefined) {
    const where = `\`${path.slice(0, 200)}\` of ${action.name}`
    throw new Problem('catalog.bad_display', `${where} cannot be shown so: ${mistake}`)
  }
  if (Object.keys(others).length >= MAX_DISPLAYS)
    throw new Problem('catalog.bad_display', `${MAX_DISPLAYS} arguments are the most`)
  const { displays } = shownDisplays(
    display === undefined ? others : { ...others, [path]: display },
  )
  await changeCatalog(parts, {
    write: async (tx) => {
      const written = displays ? canonicalJson(displays) : null
      await changeAction(tx, action.name, { displays: written })
      await parts.ledger.append(tx, {
        type: 'action.display_set',
        resource: action.resource,
        action: action.name,
        by,
        facts: { path, display: display ?? null, before: before ?? null },
      })
    },
    raises: [],
  })
  return { ...action, displays }
}
