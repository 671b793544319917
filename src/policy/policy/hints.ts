import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import { ACTION_GROUPS } from '../../catalog/catalog/index.ts'
import { nearest } from '../../platform/lib/closest-match.ts'
import { ISSUE } from './issuance/actions.ts'
import { helpOf } from './read-piece.ts'
import { actionSchemas, isGenerated } from './schema.ts'

/**
 * Suggests what would help with a mistake that Cedar's validator found. The validator's own guesses
 * take any name for any other: a group for an action, an agent for a person. `rest`: the text of
 * the policy from the mistake on.
 */
export function hintFor(error: DetailedError, rest: string, schema: string): string | undefined {
  if (!isGenerated(schema)) return helpOf(error)
  const action = /^unrecognized action `Action::"(.*)"`/.exec(own(error))?.[1]
  if (action !== undefined) return actionMeant(action, schema)
  const type = /^unrecognized entity type `(.*)`/.exec(own(error))?.[1]
  if (type !== undefined) return typeMeant(type)
  if (isDecimalWithInteger(own(error))) return decimalMeant(rest)
  return helpOf(error)
}

function own({ message }: DetailedError): string {
  return message.replace(/^for policy `[^`]*`, /, '')
}

/** An action has a point in its name, an issuance two colons, a group neither. */
function actionMeant(wrong: string, schema: string): string | undefined {
  const isCall = wrong.includes('.')
  const names = [...actionSchemas(schema).keys()].filter((name) => name.includes('.') === isCall)
  const known = isCall ? names : [...ACTION_GROUPS, ISSUE, ...names]
  return nearest(wrong, known)?.replace(/`(.*)`/, '`Action::"$1"`')
}

const TYPES = ['Person', 'Agent', 'Group', 'Resource', 'Space', 'Action']

/** Names of entity types as others call them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  user: 'Person',
  human: 'Person',
  employee: 'Person',
  account: 'Person',
  role: 'Group',
  team: 'Group',
  bot: 'Agent',
  client: 'Agent',
  application: 'Agent',
  api: 'Resource',
  service: 'Resource',
  channel: 'Space',
  workspace: 'Space',
}

function typeMeant(wrong: string): string {
  const same = OTHER_NAMES[wrong.toLowerCase()]
  if (same !== undefined) return `did you mean \`${same}\`?`
  return nearest(wrong, TYPES) ?? `there are: ${TYPES.join(', ')}`
}

function isDecimalWithInteger(message: string): boolean {
  return (
    /expected .*\bLong\b.* but saw decimal/.test(message) ||
    /the types (?:Long and decimal|decimal and Long) are not compatible/.test(message)
  )
}

const COMPARED = /^([\w.]+)\s*(>=|<=|>|<|==|!=)\s*(?:(-?\d+)|decimal\("(-?[\d.]+)"\))/
const METHODS: Readonly<Record<string, string>> = {
  '>': 'greaterThan',
  '>=': 'greaterThanOrEqual',
  '<': 'lessThan',
  '<=': 'lessThanOrEqual',
}

function decimalMeant(rest: string): string {
  const [, path = 'context.args.amount', operator = '>', whole, decimal] = COMPARED.exec(rest) ?? []
  const number = `decimal("${decimal ?? `${whole ?? '100'}.00`}")`
  const method = METHODS[operator]
  const meant =
    method === undefined ? `${path} ${operator} ${number}` : `${path}.${method}(${number})`
  return `a decimal is compared with a decimal: \`${meant}\``
}
