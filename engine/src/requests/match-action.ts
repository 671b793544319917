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

interface Branch {
  readonly literals: Map<string, Branch>
  /** Mixed segments by shape; the one with more of its own text first. */
  readonly mixed: Map<string, { readonly mixed: MixedSegment; readonly next: Branch }>
  parameter: Branch | undefined
  route: Route | undefined
}

/** Lists of actions are immutable: each has its tree made once. */
const ROUTES = new WeakMap<readonly RoutedAction[], ReadonlyMap<string, Branch>>()

function routesOf(actions: readonly RoutedAction[]): ReadonlyMap<string, Branch> {
  const known = ROUTES.get(actions)
  if (known) return known
  const roots = new Map<string, Branch>()
  for (const [position, { method, path }] of actions.entries()) {
    const root = roots.get(method) ?? emptyBranch()
    roots.set(method, root)
    insert(root, path, position)
  }
  for (const root of roots.values()) inOrder(root)
  ROUTES.set(actions, roots)
  return roots
}

function emptyBranch(): Branch {
  return { literals: new Map(), mixed: new Map(), parameter: undefined, route: undefined }
}

function insert(root: Branch, path: string, position: number): void {
  const segments = parseTemplate(path)
  if (typeof segments === 'string') return
  let branch = root
  const parameters: string[] = []
  for (const segment of segments) {
    if ('parameter' in segment) {
      parameters.push(segment.parameter)
      branch.parameter ??= emptyBranch()
      branch = branch.parameter
    } else if ('mixed' in segment) {
      const { mixed } = segment
      parameters.push(...mixed.parameters)
      const shape = segmentShape(segment)
      const known = branch.mixed.get(shape) ?? { mixed, next: emptyBranch() }
      branch.mixed.set(shape, known)
      branch = known.next
    } else {
      const next = branch.literals.get(segment.literal) ?? emptyBranch()
      branch.literals.set(segment.literal, next)
      branch = next
    }
  }
  branch.route = { position, parameters }
}

/**
 * Orders segments with literals in them: which is tried first must not depend on the document's
 * order.
 */
function inOrder(branch: Branch): void {
  const sorted = [...branch.mixed].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1))
  branch.mixed.clear()
  for (const [shape, each] of sorted) branch.mixed.set(shape, each)
  const below = [...branch.literals.values(), ...sorted.map(([, each]) => each.next)]
  for (const each of branch.parameter ? [...below, branch.parameter] : below) inOrder(each)
}

/** Visits each branch of the tree at most once, so a long path costs no more than the document is large. */
function find(
  branch: Branch,
  segments: readonly string[],
  at: number,
  values: string[],
): Route | undefined {
  const segment = segments[at]
  if (segment === undefined) return branch.route
  const literal = branch.literals.get(segment)
  const exact = literal && find(literal, segments, at + 1, values)
  if (exact) return exact
  for (const { mixed, next } of branch.mixed.values()) {
    const cut = cutSegment(segment, mixed)
    if (!cut) continue
    values.push(...cut)
    const found = find(next, segments, at + 1, values)
    if (found) return found
    values.length -= cut.length
  }
  if (!branch.parameter || segment === '') return undefined
  values.push(segment)
  const found = find(branch.parameter, segments, at + 1, values)
  if (!found) values.pop()
  return found
}
