/**
 * Shapes that answers can have, as far as a document describes them. Plain data, a graph: what a
 * document describes once is here once, also where it contains itself. Over-approximated: whatever
 * an answer can have, its shape has.
 */
export interface AnswerShapes {
  /** The first one is anything. */
  readonly nodes: readonly ShapeNode[]
  /**
   * Node where the answers of an action begin, by action. An action that is missing here is not
   * known.
   */
  readonly of: Readonly<Record<string, number>>
}

export type ShapeNode =
  | ScalarShape
  | 'any'
  /** Union of these nodes. */
  | { readonly either: readonly number[] }
  | { readonly items: number }
  | {
      readonly members: Readonly<Record<string, number>>
      /** Shape of the members that are not named; absent: there are no such members. */
      readonly more?: number
    }

export type ScalarShape = 'string' | 'number' | 'boolean' | 'null'

/** Always there, at these places. */
export const LEAVES = ['any', 'string', 'number', 'boolean', 'null'] as const
export const ANY = 0

/** The answers of one action. */
export interface AnswerShape {
  readonly nodes: readonly ShapeNode[]
  readonly root: number
}

/**
 * Kinds of value at a path; or the point where the path ends, and the names that there would have
 * been.
 */
export type ReachedPoint =
  | { readonly there: true; readonly kinds: ReadonlySet<ShapeKind> }
  | { readonly there: false; readonly missing: string; readonly names: readonly string[] }

export type ShapeKind = ScalarShape | 'any' | 'list' | 'object'

/** Follows a JSON Pointer as obligations do: `*` is every item or member, and a name that meets a list means each of its items. */
export function reach({ nodes, root }: AnswerShape, pointer: string): ReachedPoint {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  let at: ReadonlySet<number> = new Set([root])
  for (const step of steps) {
    const places = whole(nodes, at, step)
    const next = new Set([...places].flatMap((place) => following(nodes, place, step)))
    if (next.size === 0) return { there: false, missing: step, names: namesAt(nodes, places) }
    at = next
  }
  return { there: true, kinds: kindsAt(nodes, whole(nodes, at)) }
}

/** Choices are all that can be chosen; lists, for a step that is no place in them, each of their items. */
function whole(
  nodes: readonly ShapeNode[],
  places: ReadonlySet<number>,
  step?: string,
): ReadonlySet<number> {
  const isName = step !== undefined && step !== '*' && !/^(?:0|[1-9]\d*)$/.test(step)
  const found = new Set<number>()
  const todo = [...places]
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    if (found.has(place)) continue
    found.add(place)
    const node = nodes[place]
    if (typeof node !== 'object') continue
    if ('either' in node) todo.push(...node.either)
    if (isName && 'items' in node) todo.push(node.items)
  }
  return found
}

function following(nodes: readonly ShapeNode[], place: number, step: string): readonly number[] {
  const node = nodes[place]
  if (node === 'any') return [ANY]
  if (typeof node !== 'object' || 'either' in node) return []
  if ('items' in node) return /^(?:\*|0|[1-9]\d*)$/.test(step) ? [node.items] : []
  const more = node.more === undefined ? [] : [node.more]
  if (step === '*') return [...Object.values(node.members), ...more]
  const member = Object.hasOwn(node.members, step) ? node.members[step] : undefined
  return member === undefined ? more : [member]
}

function namesAt(nodes: readonly ShapeNode[], places: ReadonlySet<number>): readonly string[] {
  const names = [...places].flatMap((place) => {
    const node = nodes[place]
    return typeof node === 'object' && 'members' in node ? Object.keys(node.members) : []
  })
  return [...new Set(names)]
}

function kindsAt(nodes: readonly ShapeNode[], places: ReadonlySet<number>): ReadonlySet<ShapeKind> {
  const kinds = [...places].flatMap((place): ShapeKind[] => {
    const node = nodes[place]
    if (node === undefined) return []
    if (typeof node === 'string') return [node]
    if ('either' in node) return []
    return ['items' in node ? 'list' : 'object']
  })
  return new Set(kinds)
}
