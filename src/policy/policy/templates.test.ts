import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyQuery } from '@remit/engine'
import { RECORDS } from '../../../test/conformance/authzen/records.ts'
import { LoadedOnlySet } from '../../extensions/authzen/policy-only/loaded-set.ts'
import { parsePolicies } from '../cedar/parse.ts'
import { compareTexts } from '../cedar/texts/compare.ts'
import { formatText } from '../cedar/texts/format.ts'
import { idsAt } from '../cedar/texts/ids-at.ts'
import { EverSet } from './analysis/ever-set.ts'
import { RulesOf } from './analysis/rules-of.ts'
import { runCases } from './cases/run-cases.ts'
import { findPolicy } from './policies.ts'
import { schemaFor } from './schema.ts'
import {
  BOT,
  entities,
  forEachPolicyEngine,
  load as loadCompiled,
  ORDERS_PLAN,
  refundOf,
  SAM,
} from './testing.ts'
import { validatePolicies } from './validate.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)
const REFUND = 'action == Action::"orders.refund"'
const WORKERS = `@id("workers") @description("What a group does at an API")
permit (principal in ?principal, ${REFUND}, resource == ?resource)
when { context.args.amount.lessThan(decimal("100.00")) };`
const ASKING = `@id("asking") @requestable("Is it justified?") @approvers("group:finance")
forbid (principal == ?principal, ${REFUND}, resource);`
const SUPPORT = `@id("support-works")
link (template == "workers", ?principal == Group::"support", ?resource == Resource::"orders");`
const SAM_ASKS = '@id("sam-asks") link (template == "asking", ?principal == Person::"psn_sam");'
const BOTS = '@id("bots") permit (principal is Agent, action, resource);'
const WHOLE = [WORKERS, ASKING, SUPPORT, SAM_ASKS, BOTS].join('\n')

function query(change: Partial<PolicyQuery> = {}, groups = ['support']): PolicyQuery {
  return { ...refundOf('40.0'), entities: entities({ groups }), ...change }
}

function mistakes(text: string): string[] {
  return validatePolicies(text, SCHEMA).mistakes.map(
    ({ column, help, line, message, policy }) =>
      `${policy ?? '-'} ${line}:${column} ${message}${help === undefined ? '' : ` (${help})`}`,
  )
}

forEachPolicyEngine('a set with links', (load) => {
  test('decides as if each link were written out', () => {
    const [linked, written] = [WORKERS, `${WORKERS}\n${SUPPORT}`].map((text) => load(text))
    assert.equal(linked?.evaluate(query(), 'nothing').permitted, false, 'a template alone')
    assert.deepEqual(written?.evaluate(query(), 'nothing'), {
      permitted: true,
      determining: ['support-works'],
      errors: [],
    })
    assert.equal(written?.evaluate(query({}, ['finance']), 'nothing').permitted, false)
    assert.equal(written?.evaluate(query(refundOf('100.0')), 'nothing').permitted, false)
  })

  test('asks people by the annotations of the template, for each link by itself', () => {
    const set = load(`${WHOLE}\n${SAM_ASKS.replace('sam-asks', 'other').replace('sam"', 'ann"')}`)
    assert.deepEqual([...set.requestable.keys()], ['sam-asks', 'other'])
    assert.deepEqual(set.evaluate(query(), 'nothing').determining, ['sam-asks'])
    assert.equal(set.evaluate(query(), 'requestable').permitted, true)
    const open = query()
    const { args: _, ...context } = open.context
    assert.equal(set.evaluate({ ...open, context }, 'arguments').permitted, true)
  })
})

test('the official engine says the same of its own templates and links', () => {
  const values = (principal: cedar.EntityUidJson) => ({
    '?principal': principal,
    '?resource': { type: 'Resource', id: 'orders' },
  })
  const groups = ['support', 'finance', 'managers'] as const
  const text = groups.map((name) => SUPPORT.replaceAll('support', name)).join('\n')
  const ours = loadCompiled(`${WORKERS}\n${text}`)
  for (const mine of [[], ['support'], ['managers', 'finance'], ['strangers']]) {
    const answer = cedar.isAuthorized({
      principal: SAM,
      action: { type: 'Action', id: 'orders.refund' },
      resource: { type: 'Resource', id: 'orders' },
      context: { args: { amount: { __extn: { fn: 'decimal', arg: '40.0' } } } },
      entities: [{ uid: SAM, attrs: {}, parents: mine.map((id) => ({ type: 'Group', id })) }],
      policies: {
        templates: { workers: WORKERS },
        templateLinks: groups.map((id) => ({
          templateId: 'workers',
          newId: `${id}-works`,
          values: values({ type: 'Group', id }),
        })),
      },
    })
    assert.ok(answer.type === 'success')
    const { decision, diagnostics } = answer.response
    const said = ours.evaluate(query({}, [...mine]), 'nothing')
    assert.equal(said.permitted, decision === 'allow')
    assert.deepEqual([...said.determining].sort(), diagnostics.reason.sort())
  }
})

test('nothing is wrong with links that lead to templates, and a template without any is told', () => {
  assert.deepEqual(validatePolicies(WHOLE, SCHEMA), { mistakes: [], warnings: [] })
  const { mistakes, warnings } = validatePolicies(WORKERS, SCHEMA)
  assert.deepEqual(mistakes, [])
  assert.deepEqual(
    warnings.map(({ line, message, policy }) => [policy, line, message]),
    [['workers', 1, 'is a template that no link uses, so it decides nothing']],
  )
})

test('what is wrong with a link is refused with its line and column', () => {
  const to = (template: string, rest = '', id = 'l') =>
    `${WORKERS}\n${BOTS}\n@id("${id}") link (template == "${template}"${rest});`
  const both = ', ?principal == Group::"support", ?resource == Resource::"orders"'
  const cases: readonly (readonly [string, RegExp])[] = [
    [to('wokers', both), /^l 5:\d+ there is no template `wokers` \(did you mean `workers`\?\)$/],
    [to('l', both), /^l 5:28 `l` is a link, and no template$/],
    [
      `${to('m', both)}\n@id("m") link (template == "l");`,
      /^l 5:28 `m` is a link, and no template; m 6:28 `l` is a link, and no template$/,
    ],
    [to('bots', both), /^l 5:\d+ `bots` is a policy without slots, and no template$/],
    [to('workers', both, 'bots'), /^bots 5:1 the id `bots` is that of the policy in line 4 too$/],
    [
      to('workers', both, 'workers'),
      /^workers 5:1 the id `workers` is that of the policy in line 1/,
    ],
    [`${WORKERS}\n${SUPPORT}\n${SUPPORT}`, /^support-works 6:1 the id `support-works` is that of/],
    [
      to('workers', ', ?principal == Group::"support"'),
      /^l 5:\d+ the template `workers` has a slot `\?resource` too$/,
    ],
    [
      `${to('workers', both)}\n${ASKING}\n${SAM_ASKS.replace(');', ', ?resource == Resource::"orders");')}`,
      /^sam-asks 8:\d+ the template `asking` has no slot `\?resource`$/,
    ],
    [
      to('workers', both.replace('Group', 'Grup')),
      /^l 5:53 unrecognized entity type `Grup` \(did you mean `Group`\?\)$/,
    ],
    [to('workers', both.replace('"orders"', '"ordres"')), /^l 5:\d+ there is no resource `ordres`/],
    [
      to('workers', both.replace('Group::"support"', 'Resource::"orders"')),
      /^l 5:1 unable to find an applicable action/,
    ],
    [to('workers', `${both}, ?principal == Group::"b"`), /^l 5:\d+ `\?principal` is given twice$/],
    [to('workers', both.replace('?principal', '?agent')), /^l 5:\d+ there is no slot `\?agent`/],
    [
      to('workers', both.replace('?principal ==', '?principal in')),
      /^l 5:\d+ expected `==`, found `in`$/,
    ],
    [to('workers', both).replace('@id("l")', ''), /^- 5:2 needs an `@id/],
    [
      to('workers', both).replace('@id("l")', '@id("l") @approvers("group:a")'),
      /^l 5:1 `@approvers` of a link is what its template says/,
    ],
    [to('workers', both).replace('link (', 'link '), /^l 5:\d+ expected `\(`, found `template`$/],
    [to('workers', both).slice(0, -1), /^l 5:\d+ expected `;`, and the link ends$/],
    [WORKERS.replace('amount', 'amuont'), /^workers 3:\d+ attribute `args.amuont` in context/],
    [
      `${WORKERS.replace('amount', 'amuont')}\n${SUPPORT}`,
      /^workers 3:\d+ attribute `args.amuont`[^;]*$/,
    ],
    [WORKERS.replace('lessThan(', 'lessThan(?principal'), /^- 3:\d+ /],
  ]
  for (const [text, pattern] of cases) assert.match(mistakes(text).join('; '), pattern)
})

test('an approval of what a link forbids ends when template or link changes', () => {
  const digest = (text: string) => loadCompiled(text).requestable.get('sam-asks')?.digest
  const before = digest(WHOLE)
  assert.ok(before)
  assert.equal(digest(`// moved\n\n${WHOLE}`), before)
  assert.notEqual(digest(WHOLE.replace('Is it', 'Is this')), before)
  assert.notEqual(
    digest(WHOLE.replace('?principal == Person::"psn_sam"', '?principal == Person::"psn_ann"')),
    before,
  )
  assert.equal(findPolicy(WHOLE, 'sam-asks')?.digest, before)
})

test('a rule that a link makes is shown with the place of its template, and that of the link', () => {
  const files = [
    { file: 'templates.cedar', line: 1 },
    { file: 'people.links', line: 6 },
  ]
  const rules = new RulesOf({ text: WHOLE, files, schema: SCHEMA })
  const rule = rules.byId('sam-asks')
  assert.deepEqual([rule?.file, rule?.line], ['templates.cedar', 4])
  assert.deepEqual(rule?.link, { file: 'people.links', line: 3 })
  assert.ok(rule?.text.includes('@approvers("group:finance")') && rule.text.includes('psn_sam'))
  assert.equal(rules.byId('support-works')?.description, 'What a group does at an API')
  assert.deepEqual(
    rules.permitsAbout('orders.refund').map(({ id }) => id),
    ['support-works', 'bots'],
  )
  assert.deepEqual([idsAt(WHOLE).get('sam-asks'), idsAt(WHOLE).get('asking')], [4, 4])
  assert.equal(findPolicy(WHOLE, 'support-works')?.line, 1)
})

test('tests of policies, and who can ever do what, see what links make', () => {
  const { failed } = runCases({
    text: WHOLE,
    schema: SCHEMA,
    tests: [
      {
        file: 'links.yaml',
        text: `people: { sam: { groups: [support], id: psn_sam }, finn: [finance] }
agents: { refund-bot: {} }
tests:
  - it: support works, and nobody else
    person: [sam, finn]
    agent: refund-bot
    action: orders.refund
    args: { order_id: "1", amount: 40.00 }
    expect: { sam: asks, finn: deny }`,
      },
    ],
  })
  assert.deepEqual(failed, [])
  const ever = new EverSet(WHOLE, parsePolicies(WHOLE), SCHEMA)
  const all = entities()
  const [sam] = all
  assert.ok(sam)
  const said = ever.ask(sam, { action: 'orders.refund', resource: 'orders' }, all)
  assert.ok(said.possible)
  assert.deepEqual(
    said.permits.map(({ conditions, id, line }) => [id, line, conditions]),
    [['support-works', 1, ['when context.args.amount.lessThan(decimal("100.00"))']]],
  )
  assert.deepEqual(said.forbids[0]?.approvers, ['group:finance'])
})

test('a difference is told of the template, and of each link whose own text changed', () => {
  const notes = (before: string, after: string) =>
    compareTexts(before, after).map(({ change, id, notes: said }) => [id, change, ...said])
  assert.deepEqual(notes(WHOLE, WHOLE), [])
  assert.deepEqual(notes(WHOLE, WHOLE.replace('"support", ?res', '"finance", ?res')), [
    [
      'support-works',
      'changed',
      'for whatever is in Group::"finance", no longer for whatever is in Group::"support"',
    ],
  ])
  assert.deepEqual(notes(WHOLE, WHOLE.replace('100.00', '200.00')), [
    ['workers', 'changed', 'what it depends on changed'],
  ])
  assert.deepEqual(notes(BOTS, `${BOTS}\n${WORKERS}\n${SUPPORT}`), [
    ['workers', 'added', 'a template: what it means is said by its links'],
    ['support-works', 'added', 'permits more'],
  ])
})

test('the layout of a link', () => {
  const text = `// who works where
@id("a")   link(template=="workers",?principal==Group::"support",
  ?resource   ==Resource::"orders")  ; // behind
@id("b") link (template == "workers", // why
  ?principal == Group::"a \\"b\\"", ?resource == Resource::"orders");`
  const formatted = formatText(text)
  assert.equal(
    formatted,
    `// who works where
@id("a")
link (template == "workers", ?principal == Group::"support", ?resource == Resource::"orders"); // behind

@id("b") link (template == "workers", // why
  ?principal == Group::"a \\"b\\"", ?resource == Resource::"orders");
`,
  )
  assert.equal(formatText(formatted), formatted)
  assert.throws(() => formatText('\n @id("a") link (template = "b");'), /line 2, column 26/)
})

test('warnings about rules are told of the links that make them', () => {
  const other = SUPPORT.replace('support-works', 'again')
  const { warnings } = validatePolicies(`${WHOLE}\n${other}`, SCHEMA)
  assert.deepEqual(
    warnings.map(({ line, message, policy }) => [policy, line, message]),
    [['again', 10, 'says the same as `support-works` in line 6']],
  )
})

test('policy-only sets have them, too', () => {
  const policies = `@id("t") permit (principal == ?principal, action, resource);
@id("l") link (template == "t", ?principal == user::"alice");`
  const set = new LoadedOnlySet({ name: 'records', version: 1, ...RECORDS, policies })
  const ask = (id: string) =>
    set.evaluate(
      {
        subject: { type: 'user', id },
        action: { name: 'read' },
        resource: { type: 'record', id: 'record-1' },
      },
      false,
    )
  assert.deepEqual(ask('alice').policies, ['l'])
  assert.equal(ask('bob').permitted, false)
  assert.equal(ask(BOT.id).permitted, false)
})
