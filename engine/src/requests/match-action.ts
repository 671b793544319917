import { cutSegment, type MixedSegment, parseTemplate, segmentShape } from './path-template.ts'

/** Operation of an API, as far as requests are matched to it. */
export interface RoutedAction {
  readonly method: string
  /** Template: `/orders/{order_id}/refunds`. */
  readonly path: string
}

export interface ActionMatch<A extends RoutedAction> {
  readonly action: A
  /** Decoded values of the path parameters, by their names on the wire. */
  readonly path: ReadonlyMap<string, string>
}

/**
 * The action of a resource that a request means: by method and decoded path segments. In each position, from the left, a literal
 * wins over a segment with literals in it, and that over a parameter, so exactly one action can match, whatever the order of the
 * document. `undefined`: there is none.
 */
export function matchAction<A extends RoutedAction>(
  actions: readonly A[],
  method: string,
  segments: readonly string[],
): ActionMatch<A> | undefined {
  const root = routesOf(actions).get(method)
  const values: string[] = []
  const route = root && find(root, segments, 0, values)
  if (!route) return undefined
  const action = actions[route.position]
  return (
    action && {
      action,
      path: new Map(route.parameters.map((name, i) => [name, values[i] ?? ''])),
    }
  )
}

interface Route {
  /** Position of its action in the list. */
  readonly position: number
  readonly parameters: readonly string[]
}

interface Node {
  readonly literals: Map<string, Node>
  /** Mixed segments by shape; the one with more of its own text first. */
  readonly mixed: Map<string, { readonly mixed: MixedSegment; readonly node: Node }>
  parameter: Node | undefined
  route: Route | undefined
}

/** Lists of actions are immutable: each has its tree made once. */
const ROUTES = new WeakMap<readonly RoutedAction[], ReadonlyMap<string, Node>>()

function routesOf(actions: readonly RoutedAction[]): ReadonlyMap<string, Node> {
  const known = ROUTES.get(actions)
  if (known) return known
  const roots = new Map<string, Node>()
  for (const [position, { method, path }] of actions.entries()) {
    const root = roots.get(method) ?? emptyNode()
    roots.set(method, root)
    insert(root, path, position)
  }
  for (const root of roots.values()) inOrder(root)
  ROUTES.set(actions, roots)
  return roots
}

function emptyNode(): Node {
  return { literals: new Map(), mixed: new Map(), parameter: undefined, route: undefined }
}

function insert(root: Node, path: string, position: number): void {
  const segments = parseTemplate(path)
  if (typeof segments === 'string') return
  let node = root
  const parameters: string[] = []
  for (const segment of segments) {
    if ('parameter' in segment) {
      parameters.push(segment.parameter)
      node.parameter ??= emptyNode()
      node = node.parameter
    } else if ('mixed' in segment) {
      const { mixed } = segment
      parameters.push(...mixed.parameters)
      const shape = segmentShape(segment)
      const known = node.mixed.get(shape) ?? { mixed, node: emptyNode() }
      node.mixed.set(shape, known)
      node = known.node
    } else {
      const next = node.literals.get(segment.literal) ?? emptyNode()
      node.literals.set(segment.literal, next)
      node = next
    }
  }
  node.route = { position, parameters }
}

/**
 * Orders segments with literals in them: which is tried first must not depend on the document's
 * order.
 */
function inOrder(node: Node): void {
  const sorted = [...node.mixed].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1))
  node.mixed.clear()
  for (const [shape, each] of sorted) node.mixed.set(shape, each)
  const below = [...node.literals.values(), ...sorted.map(([, each]) => each.node)]
  for (const each of node.parameter ? [...below, node.parameter] : below) inOrder(each)
}

/** Visits each node of the tree at most once, so a long path costs no more than the document is large. */
function find(
  node: Node,
  segments: readonly string[],
  at: number,
  values: string[],
): Route | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.route
  const literal = node.literals.get(segment)
  const exact = literal && find(literal, segments, at + 1, values)
  if (exact) return exact
  for (const { mixed, node: next } of node.mixed.values()) {
    const cut = cutSegment(segment, mixed)
    if (!cut) continue
    values.push(...cut)
    const found = find(next, segments, at + 1, values)
    if (found) return found
    values.length -= cut.length
  }
  if (!node.parameter || segment === '') return undefined
  values.push(segment)
  const found = find(node.parameter, segments, at + 1, values)
  if (!found) values.pop()
  return found
}
