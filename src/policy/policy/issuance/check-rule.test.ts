import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaFor } from '../schema.ts'
import { ORDERS_PLAN } from '../testing.ts'
import { validatePolicies } from '../validate.ts'
import { ISSUE_ACTIONS, readIssueAction } from './actions.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)
const ASKS = '@requestable("ask") @approvers("group:finance")'
const ONE = 'Action::"issue:access_token:token_exchange"'

function mistakes(rule: string): readonly string[] {
  return validatePolicies(`@id("r") ${rule}`, SCHEMA).mistakes.map(({ message }) => message)
}

test('rules may forbid issuances, by name or all of them', () => {
  for (const rule of [
    'forbid (principal, action in Action::"issue", resource);',
    `forbid (principal is Agent, action == ${ONE}, resource) when { principal.trust < 2 };`,
    `forbid (principal, action in [${ONE}, Action::"write"], resource) unless { context.token.bound };`,
    `${ASKS} forbid (principal, action == ${ONE}, resource);`,
    `${ASKS} forbid (principal, action in Action::"issue", resource);`,
    `${ASKS} forbid (principal, action in [${ONE}, Action::"issue:refresh_token:authorization_code"], resource);`,
    `${ASKS} forbid (principal, action == Action::"issue:access_token:ciba", resource);`,
    'forbid (principal, action, resource) when { action in Action::"issue" && context.task.id == "" };',
  ])
    assert.deepEqual(mistakes(rule), [], rule)
})

test('what such a rule cannot mean is refused: permits, people who are asked, kinds that there are not', () => {
  for (const [rule, says] of [
    [`permit (principal, action == ${ONE}, resource);`, /no issuance needs a permit/],
    ['permit (principal, action in Action::"issue", resource);', /no issuance needs a permit/],
    [
      `${ASKS} forbid (principal, action in [${ONE}, Action::"write"], resource);`,
      /name issuances and nothing else/,
    ],
    [
      `${ASKS} forbid (principal, action == Action::"issue:refresh_token:refresh_token", resource);`,
      /comes with the access token/,
    ],
    [
      `${ASKS} forbid (principal, action == ${ONE}, resource) when { context.risk.score > 50 };`,
      /about calls/,
    ],
    [`${ASKS} forbid (principal, action, resource) when { action == ${ONE} };`, /nothing else/],
    ['forbid (principal, action == Action::"issue:saml1:token_exchange", resource);', /saml1/],
    [`forbid (principal, action == ${ONE}, resource) when { context.args.amount == 1 };`, /amount/],
  ] as const)
    assert.match(mistakes(rule).join('\n'), says, rule)
  assert.deepEqual(mistakes('permit (principal, action, resource);'), [])
  assert.deepEqual(
    mistakes(`permit (principal, action in [Action::"read", ${ONE}], resource);`),
    [],
  )
})

test('names of issuances are those of the profile', () => {
  for (const name of ISSUE_ACTIONS) assert.match(name, /^issue:[a-z_]{1,21}:[a-z_]{1,21}$/)
  assert.deepEqual(readIssueAction('issue:id_jag:token_exchange'), {
    token: 'id_jag',
    grant: 'token_exchange',
  })
  for (const name of ['issue', 'issue:', 'issue:access_token', 'issue:id_jag:ciba', 'orders.read'])
    assert.equal(readIssueAction(name), undefined, name)
})
