import type { ActionNames } from '../../calls/calls/index.ts'
import type { SealedColumn } from '../../platform/keys/index.ts'

/** An AuthZEN decision point of others that is asked along. Its answer can only reduce. */
export interface DecisionPoint {
  readonly name: string
  /** URL of its access evaluation endpoint. */
  readonly url: string
  /** Lower case; that a credential goes into. */
  readonly header: string | undefined
  /** Names: calls to one of these resources, or of one of these actions. Both empty: all calls. */
  readonly resources: readonly string[]
  readonly actions: readonly string[]
  readonly timeoutMs: number
  /** True when it is told the arguments of calls. */
  readonly sendsArguments: boolean
  readonly createdBy: string
  readonly createdAt: number
}

export interface SealedDecisionPoint extends DecisionPoint {
  readonly sealed: Uint8Array | undefined
}

export const TIMEOUT_MS = { least: 50, default: 1_000, most: 5_000 } as const

export function isAskedAbout(
  { actions, resources }: Pick<DecisionPoint, 'actions' | 'resources'>,
  call: ActionNames,
): boolean {
  if (resources.length + actions.length === 0) return true
  return resources.includes(call.resource) || actions.includes(call.action)
}

/** Ties a sealed credential to its row: it opens nowhere else, and is sent nowhere else. */
export function decisionPointPlace({
  header,
  name,
  url,
}: Pick<DecisionPoint, 'name' | 'url' | 'header'>) {
  return `decision_points/${name}/${header ?? ''}/${url}`
}

/** Columns of this room that are sealed. */
export const DECISION_POINTS_SEALED: readonly SealedColumn[] = [
  {
    table: 'decision_points',
    column: 'sealed',
    key: 'name',
    with: ['header', 'url'],
    associatedData: ({ header = '', name = '', url = '' }) =>
      decisionPointPlace({ header, name, url }),
  },
]
