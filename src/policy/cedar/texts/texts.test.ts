import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../platform/lib/problem.ts'
import { DESK, REFUND_DESK } from '../../policy/testing.ts'
import { compareTexts } from './compare.ts'
import { formatText } from './format.ts'

const PERMIT = `@id("p")
permit (principal in Group::"support", action in [Action::"a.read", Action::"a.write"], resource == Resource::"a")
when { context.args.amount > 5 }
unless { context.token.bound };`
const FORBID = `@id("f")
@requestable("x")
@approvers("group:finance")
forbid (principal is Person, action, resource);`

/** Notes that describe a change of one rule. */
function notes(before: string, after: string): readonly string[] {
  const [change, ...more] = compareTexts(before, after)
  assert.deepEqual(more, [])
  return change?.notes ?? ['nothing changed']
}

test('rules are told apart by id: added, removed, changed, the same in other words', () => {
  const changes = compareTexts(
    `${PERMIT}\n@id("gone") forbid (principal, action, resource);\n${FORBID}`,
    `// moved\n${FORBID}\n@id("new") permit (principal, action, resource);\n${PERMIT.replace('> 5', '>  5')}`,
  )
  assert.deepEqual(
    changes.map(({ change, id, line, notes: said }) => [id, change, line, ...said]),
    [
      ['gone', 'removed', 5, 'forbids less'],
      ['new', 'added', 6, 'permits more'],
      ['p', 'reworded', 7],
    ],
  )
  const lines = changes[2]?.lines.filter(({ sign }) => sign !== ' ')
  assert.deepEqual(
    lines?.map(({ sign, text }) => `${sign}${text}`),
    ['-when { context.args.amount > 5 }', '+when { context.args.amount >  5 }'],
  )
})

test('what a change means is said in words', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    [PERMIT, 'permit (', 'forbid (', /permitted before, forbids now/],
    [
      PERMIT,
      'principal in Group::"support"',
      'principal',
      /for anything, no longer for whatever is in Group::"support"/,
    ],
    [PERMIT, ', Action::"a.write"', '', /^no longer for a\.write$/],
    [PERMIT, 'Action::"a.write"', 'Action::"a.write", Action::"a.drop"', /^also for a\.drop$/],
    [PERMIT, 'resource == Resource::"a"', 'resource', /at anything, no longer at Resource::"a"/],
    [PERMIT, '\nunless { context.token.bound }', '', /a condition fell away: it permits more/],
    [PERMIT, '> 5', '> 50', /what it depends on changed/],
    [
      FORBID,
      'resource);',
      'resource)\nwhen { context.token.bound };',
      /was added: it forbids less/,
    ],
    [
      FORBID,
      'group:finance',
      'group:support',
      /lifted by group:support, no longer by group:finance/,
    ],
    [FORBID, '@approvers', '@quorum("2")\n@approvers', /needs 2 people, before 1/],
    [FORBID, '@approvers', '@lifetime("PT5M")\n@approvers', /counts for 300 s, before 3600 s/],
    [FORBID, '@approvers', '@self("true")\n@approvers', /those it is for may lift it, too/],
    [FORBID, '@requestable("x")\n@approvers("group:finance")\n', '', /no one can lift it any more/],
  ]
  for (const [rule, from, to, words] of cases) {
    assert.ok(rule.includes(from), from)
    assert.match(notes(rule, rule.replace(from, to)).join('; '), words)
  }
})

test('a layout keeps comments, blank lines between them, and the meaning, and is the same the second time', () => {
  const text = `// a file

// a rule
@id("a") permit(principal,action,resource); // behind it


// another
@id("b")
forbid (principal, action, resource)
when { /* no such thing */ false };`.replace('/* no such thing */ ', '// within\n')
  const formatted = formatText(text)
  assert.equal(
    formatted,
    `// a file

// a rule
@id("a")
permit (principal, action, resource); // behind it

// another
@id("b")
forbid (principal, action, resource)
when
{ // within
  false
};
`,
  )
  for (const each of [text, REFUND_DESK, DESK, '', '// nothing but this\n']) {
    assert.equal(formatText(formatText(each)), formatText(each))
  }
  for (const comment of text.match(/\/\/.*/g) ?? []) assert.ok(formatted.includes(comment))
})

test('what cannot be parsed has no layout, and the place is told', () => {
  assert.throws(
    () => formatText('@id("a") permit (principal, action, resource);\n@id("b") permit (principal'),
    (error: unknown) => error instanceof Problem && /line 2/.test(error.detail),
  )
})
