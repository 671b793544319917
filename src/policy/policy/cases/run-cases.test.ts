import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaFor } from '../schema.ts'
import { actionsWith, ORDERS_PLAN, REFUND_DESK } from '../testing.ts'
import { runCases } from './run-cases.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)

function run(cases: string, text = REFUND_DESK, schema = SCHEMA) {
  const file = `people: { sam: [support], finn: [finance] }
agents: { refund-bot: {}, other-bot: { trust: 1 } }
given: { person: sam, agent: refund-bot, action: orders.refund }
tests:
${cases}`
  return runCases({ text, schema, tests: [{ file: 'desk.yaml', text: file }] })
}

/** Runs cases of which one fails; answers its line in `cases` and what is wrong. */
function wrong(cases: string): readonly [line: number, text: string | undefined] {
  const { failed } = run(cases)
  assert.equal(failed.length, 1, JSON.stringify(failed))
  return [(failed[0]?.line ?? 0) - 4, failed[0]?.why[0]?.text]
}

test('a test that holds says nothing; one that does not says where, what and why', () => {
  const report = run(`
  - it: small ones are fine
    args: { order_id: "1", amount: 40.00 }
    expect: permit
  - it: large ones are fine
    args:
      order_id: "1"
      amount: 900
    expect: permit
`)
  assert.deepEqual([report.cases, report.calls], [2, 2])
  assert.deepEqual(report.failed, [
    {
      file: 'desk.yaml',
      line: 13,
      it: 'large ones are fine',
      call: { person: 'sam', agent: 'refund-bot', action: 'orders.refund' },
      expected: 'permit',
      came: 'asks',
      why: [
        {
          text: 'this call is executed only after people approved it',
          rules: ['large-refunds-ask'],
          facts: ['context.args.amount is 900.00: more than 100.00'],
        },
      ],
    },
  ])
})

test('a table is every person with every agent with every action, and each failure is a line of it', () => {
  const report = run(`
  - it: who may read
    person: [sam, finn]
    agent: [refund-bot, other-bot]
    action: [orders.read, orders.list]
    args: { order_id: "1" }
    expect:
      sam:
        refund-bot: permit
        others: asks
      finn: deny
`)
  assert.equal(report.calls, 8)
  assert.deepEqual(
    report.failed.map(({ call, came, line }) => [line, call?.agent, call?.action, came]),
    [
      [14, 'other-bot', 'orders.read', 'deny'],
      [14, 'other-bot', 'orders.list', 'deny'],
    ],
  )
})

test('rules and approvers that are named have to be those', () => {
  const { failed } = run(`
  - it: asks the wrong people
    args: { order_id: "1", amount: 900 }
    expect: asks
    approvers: [group:support]
  - it: is permitted by another rule
    args: { order_id: "1", amount: 9 }
    expect: permit
    rules: [nothing-of-the-kind]
`)
  assert.deepEqual(
    failed.map(({ came, expected }) => [expected, came]),
    [
      ['asks group:support', 'asks group:finance'],
      ['permit by nothing-of-the-kind', 'permit by support-orders, refund-bot-for-support'],
    ],
  )
})

test('an argument that the rules look at has to be said; others need not', () => {
  const [line, text] = wrong(`
  - it: forgets how much
    args: { order_id: "1" }
    expect: permit
`)
  assert.equal(line, 2)
  assert.match(text ?? '', /give orders\.refund the arguments amount/)
  assert.deepEqual(run('  - { it: needs none, action: orders.read, expect: permit }').failed, [])
})

test('an action is the same one by a name that it was given', () => {
  const named = ORDERS_PLAN.actions.map((action) =>
    action.name === 'orders.refund' ? { ...action, names: ['orders.pay_back'] } : action,
  )
  const wrong = (name: string) =>
    run(
      `  - it: x\n    action: ${name}\n    args:\n      amount: much\n    expect: deny`,
      REFUND_DESK,
      schemaFor(named),
    ).failed[0]?.why[0]?.text
  assert.match(wrong('orders.refund') ?? '', /a number/)
  assert.equal(wrong('orders.pay_back'), wrong('orders.refund'))
})

test('what cannot be meant is told with its line', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['  - { it: x, expect: permitted }', 1, /`permit`, `deny`, `asks`/],
    ['  - { expect: permit }', 1, /needs a sentence/],
    ['  - it: x\n    expect: permit\n    persn: sam', 3, /`persn` is not known here/],
    ['  - { it: x, person: kim, expect: deny }', 1, /no person `kim`/],
    ['  - { it: x, agent: kim, expect: deny }', 1, /no agent `kim`/],
    ['  - { it: x, action: orders.refnd, expect: deny }', 1, /no action `orders\.refnd`/],
    ['  - it: x\n    args: { amout: 1 }\n    expect: deny', 2, /no argument `amout`.*amount/],
    ['  - it: x\n    args:\n      amount: much\n    expect: deny', 3, /a number/],
    ['  - it: x\n    args:\n      amount: 1.00001\n    expect: deny', 3, /at most four digits/],
    ['  - it: x\n    now: noon\n    expect: deny', 2, /`now` is a time/],
    ['  - it: x\n    context: { weather: fine }\n    expect: deny', 2, /has no `weather`/],
    ['  - it: x\n    person: [sam, finn]\n    expect: { sam: deny }', 3, /expected of `finn`/],
    ['  - it: x\n    expect: &a deny\n  - it: y\n    expect: *a', 4, /anchors/],
    ['  - it: x\n   expect: deny', 2, /not YAML/],
  ]
  for (const [text, line, words] of cases) {
    const [found, said] = wrong(text)
    assert.match(said ?? '', words, text)
    assert.equal(found, line, text)
  }
})

test('arguments are what the schema says they are, exactly', () => {
  const actions = actionsWith({
    count: { type: 'integer' },
    at: { type: 'string', format: 'date-time' },
    tags: { type: 'array', items: { type: 'string' } },
    to: { type: 'object', properties: { city: { type: 'string' } } },
    sure: { type: 'boolean' },
  })
  const text = `@id("a") permit (principal, action, resource) when {
    context has person && context.args has count && context.args.count == 9007199254740993 &&
    context.args has at && context.args.at == datetime("2026-01-02T00:00:00Z") &&
    context.args has tags && context.args.tags.contains("x") &&
    context.args has to && context.args.to has city && context.args.to.city == "Bern" &&
    context.args has sure && context.args.sure };`
  const given = (count: string) =>
    `  - it: x
    action: things.do
    args: { count: ${count}, at: 2026-01-02T01:00:00+01:00, tags: [x, y], to: { city: Bern }, sure: true }
    expect: permit`
  assert.deepEqual(run(given('9007199254740993'), text, schemaFor(actions)).failed, [])
  assert.equal(run(given('9007199254740992'), text, schemaFor(actions)).failed.length, 1)
})

test('time, address, token, sponsor, chain and purpose are facts that a test may give', () => {
  const text = `@id("p") permit (principal, action, resource) when {
    context.now > datetime("2026-06-01") && context.origin.ip == "203.0.113.9" && !context.token.bound &&
    !(context has person) && context.chain.contains(Agent::"other-bot") && context.task.purpose == "audit" };`
  const given = `  - it: x
    sponsor: sam
    above: other-bot
    token: bearer
    now: 2026-06-02
    ip: 203.0.113.9
    purpose: audit
    action: orders.read
    expect: permit`
  assert.deepEqual(run(given, text).failed, [])
  assert.equal(run(given.replace('purpose: audit', 'purpose: fun'), text).failed.length, 1)
})

test('no file of tests may take the server with it', () => {
  const many = Array.from({ length: 200 }, (_, i) => `p${i}`)
  const people = many.map((name) => `${name}: []`).join(', ')
  const agents = many.map((name) => `${name}: {}`).join(', ')
  const text = `people: { ${people} }
agents: { ${agents} }
tests:
  - it: everything at once
    person: [${many.join(', ')}]
    agent: [${many.join(', ')}]
    action: all
    expect: deny`
  const tests = [{ file: 'bomb.yaml', text }]
  assert.throws(() => runCases({ text: '', schema: SCHEMA, tests }), /more than 20000 calls/)
  const deep = `tests: ${'['.repeat(200)}${']'.repeat(200)}`
  const report = runCases({ text: '', schema: SCHEMA, tests: [{ file: 'deep.yaml', text: deep }] })
  assert.match(report.failed[0]?.why[0]?.text ?? '', /nested deeper/)
})

test('where nothing permits, what the nearest permit lacks is told', () => {
  const { failed } = run(`
  - it: finance refunds
    person: finn
    args: { order_id: "1", amount: 1 }
    expect: permit`)
  assert.deepEqual(
    failed[0]?.why.map(({ facts }) => facts),
    [
      ['nearest is support-orders: person finn is not in group support'],
      [
        'nearest is refund-bot-for-support: context.person is Person::"finn"; the rule needs one in Group::"support"',
      ],
    ],
  )
})

test('what is issued: forbidden, asked about, and permitted where no rule says anything', () => {
  const text = `${REFUND_DESK}
@id("nobody-refreshes-at-orders")
forbid (principal is Person, action == Action::"issue:refresh_token:authorization_code", resource == Resource::"orders");
@id("strangers-ask") @requestable("Look at it.") @approvers("group:finance")
forbid (principal is Agent, action in Action::"issue", resource) when { principal.trust < 2 };`
  const report = run(
    `
  - it: support may not refresh at orders, and elsewhere may
    issue: refresh_token:authorization_code
    at: orders
    expect: deny
    rules: [nobody-refreshes-at-orders]
  - { it: elsewhere they may, issue: refresh_token:authorization_code, at: things, expect: permit }
  - it: whom we do not know asks, by every grant
    agent: [refund-bot, other-bot]
    issue: access_token
    at: orders
    expect: { refund-bot: permit, other-bot: asks }
  - it: and whoever is there at night, too
    agent: other-bot
    sponsor: finn
    issue: access_token:client_credentials
    at: orders
    expect: asks
    approvers: [group:finance]
    rules: [strangers-ask]
  - { it: is wrong, issue: access_token:ciba, agent: other-bot, at: orders, expect: permit }
`,
    text,
  )
  assert.equal(report.calls, 1 + 1 + 2 * 7 + 1 + 1)
  assert.deepEqual(
    report.failed.map(({ call, came, expected, it, why }) => [
      it,
      call?.action,
      expected,
      came,
      why,
    ]),
    [
      [
        'is wrong',
        'issue:access_token:ciba',
        'permit',
        'asks',
        [
          {
            text: 'it is issued only after people approved it',
            rules: ['strangers-ask'],
            facts: ['principal.trust is 1: less than 2'],
          },
        ],
      ],
    ],
  )
  assert.match(
    wrong('  - { it: x, issue: saml, at: orders, expect: deny }')[1] ?? '',
    /nothing is issued as/,
  )
  assert.match(
    wrong('  - { it: x, issue: access_token, expect: deny }')[1] ?? '',
    /for which resource/,
  )
})

test('attributes of people are of their types, and those of a rule', () => {
  const text = `@id("reading") permit (principal, action == Action::"orders.read", resource)
when { principal is Agent || (principal has roles && principal.roles.contains("reader") && principal has level && principal.level > 2) };`
  const file = (attributes: string) => `people: { sam: { attributes: ${attributes} } }
agents: { refund-bot: {} }
tests:
  - it: reads
    person: sam
    agent: refund-bot
    action: orders.read
    args: { order_id: "1" }
    expect: permit`
  const failed = (attributes: string) =>
    runCases({ text, schema: SCHEMA, tests: [{ file: 'a.yaml', text: file(attributes) }] }).failed
  assert.deepEqual(failed('{ roles: [reader, x], level: 3, external: false }'), [])
  assert.equal(failed('{ roles: [reader], level: 2 }').length, 1)
  for (const wrong of [
    '{ level: high }',
    '{ external: no-one }',
    '{ shoe: 7 }',
    '{ department: [a, b] }',
  ])
    assert.match(String(failed(wrong)[0]?.why[0]?.text), /is no attribute of people/, wrong)
})
