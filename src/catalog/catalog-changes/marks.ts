import type { ArgumentType, ArgumentField as Field } from '@remit/engine'
import { pointerTo } from '../../platform/lib/json-pointer.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Action,
  type CatalogParts,
  changeAction,
  changeCatalog,
  kindAt,
} from '../catalog/index.ts'
import { requireAction } from './change-action.ts'
import { comparableName, isPaging } from './paging.ts'

/**
 * Mark of an argument: it says whom a call is about, or how large it is. Risk signals look at both.
 */
export type Mark = 'counterparty' | 'size'

/** Names under which APIs ask for whom a call is about, the plainest first. Compared without case, `_` and `-`. */
const COUNTERPARTIES = [
  'counterparty',
  'recipient',
  'recipients',
  'payee',
  'beneficiary',
  'to',
  'toaddress',
  'destination',
  'iban',
  'account',
  'accountid',
  'customer',
  'customerid',
  'email',
]
const SIZES = ['amount', 'total', 'price', 'quantity', 'sum', 'limit', 'count']

/**
 * Proposes the marks that the names of its arguments suggest. An administrator has the last word
 * (`setMark`).
 */
export function proposedMarks(action: Pick<Action, 'access' | 'arguments'>): Pick<Action, Mark> {
  const { access, arguments: schema } = action
  const fields = schema.arguments
  // Reading has no counterparty.
  const counterparty =
    access === 'write'
      ? firstNamed(fields, COUNTERPARTIES, (at) => isMark(action, 'counterparty', at))
      : undefined
  const size = firstNamed(
    fields.filter(({ name }) => !isPaging(action, name)),
    SIZES,
    (at) => isMark(action, 'size', at),
  )
  return marks(counterparty, size)
}

function marks(counterparty: string | undefined, size: string | undefined): Pick<Action, Mark> {
  return {
    ...(counterparty === undefined ? {} : { counterparty }),
    ...(size === undefined ? {} : { size }),
  }
}

/** Tells whether a pointer leads to an argument that can be what the mark says. */
export function isMark(action: Pick<Action, 'arguments'>, mark: Mark, path: string): boolean {
  const kind = kindAt(action, path)
  if (mark === 'size') return kind === 'integer' || kind === 'decimal'
  return kind === 'string' || kind === 'path' || kind === 'integer' || isSetOfNames(action, path)
}

/** Tells whether an argument names several at once, as `to` of a message. Only at the top. */
function isSetOfNames(action: Pick<Action, 'arguments'>, path: string): boolean {
  const type = action.arguments.arguments.find(({ name }) => pointerTo(name) === path)?.type
  return type?.kind === 'set' && (type.items.kind === 'string' || type.items.kind === 'integer')
}

function firstNamed(
  fields: readonly Field[],
  names: readonly string[],
  isFit: (path: string) => boolean,
): string | undefined {
  const wanted = new Set(names)
  const found = pathsOf(fields, '').filter(({ name, path }) => wanted.has(name) && isFit(path))
  for (const name of names) {
    const match = found.find((each) => each.name === name)
    if (match) return match.path
  }
  return undefined
}

interface Place {
  readonly name: string
  readonly path: string
}

/** Every place of an action's arguments, names as `plain` writes them; `*` stands for each member of a list. */
export function argumentPlaces({ arguments: schema }: Pick<Action, 'arguments'>): readonly Place[] {
  return pathsOf(schema.arguments, '')
}

/** Lists the places of fields, level by level: first the fields themselves, then the members of objects and of lists of objects. */
function pathsOf(fields: readonly Field[], above: string): readonly Place[] {
  const here = fields.map(({ name }) => ({
    name: comparableName(name),
    path: above + pointerTo(name),
  }))
  const below = fields.flatMap(({ name, type }) => pathsBelow(type, above + pointerTo(name)))
  return [...here, ...below]
}

function pathsBelow(type: ArgumentType, path: string): readonly Place[] {
  if (type.kind === 'set') return pathsBelow(type.items, `${path}/*`)
  return type.kind === 'record' ? pathsOf(type.fields, path) : []
}

/** Keeps the marks that were set or proposed before, where they still fit. */
export function keptMarks(action: Action, old: Action): Pick<Action, Mark> {
  const kept = (mark: Mark) => {
    const path = old[mark]
    return path !== undefined && isMark(action, mark, path) ? path : undefined
  }
  return marks(kept('counterparty'), kept('size'))
}

/**
 * The administrator's word on which argument it is; `undefined`: none, and there are no such signals.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_mark`, `catalog.changed`
 */
export async function setMark(
  parts: CatalogParts,
  change: {
    readonly action: string
    readonly mark: Mark
    readonly path: string | undefined
    readonly by: string
  },
): Promise<Action> {
  const { by, mark, path } = change
  const action = await requireAction(parts, change.action)
  if (path !== undefined && !isMark(action, mark, path)) {
    const wanted = mark === 'size' ? 'a number' : 'a text, an integer or a list of them'
    throw new Problem(
      'catalog.bad_mark',
      `\`${path.slice(0, 200)}\` does not lead to an argument of ${action.name} that is ${wanted}`,
    )
  }
  await changeCatalog(parts, {
    write: async (tx) => {
      await changeAction(tx, action.name, { [mark]: path ?? null })
      await parts.ledger.append(tx, {
        type: `action.${mark}_set`,
        resource: action.resource,
        action: action.name,
        by,
        facts: { path: path ?? null, before: action[mark] ?? null },
      })
    },
    raises: [],
  })
  return { ...action, [mark]: path }
}
