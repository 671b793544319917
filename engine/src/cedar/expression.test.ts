import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attr, both, call, choice, literal, PERSON, says, value, variable } from './testing.ts'

const TRUE = value(true)
const FALSE = value(false)
const FAILS = attr(variable('context'), 'nothing')
const NUMBER = value(1)
const entity = (type: string, id: string) => value({ __entity: { type, id } })
const set = (...items: object[]) => ({ Set: items })
const not = (arg: object) => ({ '!': { arg } })
describe('`&&`, `||` and `if`', () => {
  it('evaluate no more than they need, and want truth values where they look', () => {
    const cases: readonly (readonly [object, boolean | 'fails'])[] = [
      [both('&&', FALSE, FAILS), false],
      [both('&&', TRUE, FAILS), 'fails'],
      [both('&&', FAILS, FALSE), 'fails'],
      [both('&&', FALSE, NUMBER), false],
      [both('&&', TRUE, NUMBER), 'fails'],
      [both('&&', NUMBER, FALSE), 'fails'],
      [both('||', TRUE, FAILS), true],
      [both('||', FALSE, FAILS), 'fails'],
      [both('||', FALSE, NUMBER), 'fails'],
      [both('||', NUMBER, TRUE), 'fails'],
      [both('||', both('||', FALSE, TRUE), FAILS), true],
      [both('&&', both('&&', TRUE, FALSE), both('&&', FAILS, FAILS)), false],
      [choice(TRUE, TRUE, FAILS), true],
      [choice(FALSE, FAILS, TRUE), true],
      [choice(NUMBER, TRUE, TRUE), 'fails'],
      [both('==', choice(TRUE, NUMBER, FAILS), NUMBER), true],
      [choice(variable('principal'), TRUE, TRUE), 'fails'],
      [not(NUMBER), 'fails'],
      [NUMBER, 'fails'],
    ]
    for (const [body, expected] of cases) assert.equal(says(body), expected, JSON.stringify(body))
  })
})

describe('what fails', () => {
  it('fails where it is evaluated, not where it is compiled', () => {
    const overflow = both('+', value(2n ** 63n - 1n), NUMBER)
    const bad = literal('decimal', 'x')
    for (const failing of [overflow, bad]) {
      assert.equal(says(both('==', failing, NUMBER)), 'fails')
      assert.equal(says(both('&&', FALSE, both('==', failing, NUMBER))), false)
    }
    assert.equal(says(both('==', { Record: { a: NUMBER, b: FAILS } }, NUMBER)), 'fails')
    assert.equal(says(both('contains', set(NUMBER, FAILS), NUMBER)), 'fails')
  })

  it('is a wrong type, of either side', () => {
    for (const body of [
      both('<', NUMBER, value('1')),
      both('<', literal('datetime', '2024-01-01'), literal('duration', '1h')),
      both('<', literal('decimal', '1.0'), literal('decimal', '2.0')),
      both('+', NUMBER, value('1')),
      both('contains', NUMBER, NUMBER),
      both('containsAll', set(), NUMBER),
      both('in', NUMBER, set()),
      both('in', variable('principal'), NUMBER),
      both('in', variable('principal'), set(variable('principal'), NUMBER)),
      both('hasTag', variable('principal'), NUMBER),
      { has: { left: NUMBER, attr: 'a' } },
      { like: { left: NUMBER, pattern: ['Wildcard'] } },
      { is: { left: value('x'), entity_type: 'Person' } },
      call('isIpv4', value('1.2.3.4')),
      call('greaterThan', NUMBER, literal('decimal', '1.0')),
    ])
      assert.equal(says(body), 'fails', JSON.stringify(body))
    assert.equal(says(both('==', NUMBER, value('1'))), false, 'but equality is none')
  })
})

describe('entities', () => {
  const me = variable('principal')
  const nobody = entity('Person', 'nobody')

  it('are in what is above them, and in themselves', () => {
    const cases: readonly (readonly [object, object, boolean])[] = [
      [me, me, true],
      [me, entity('Group', 'support'), true],
      [me, entity('Group', 'staff'), true],
      [me, entity('Person', 'support'), false],
      [nobody, nobody, true],
      [nobody, entity('Group', 'staff'), false],
      [me, set(), false],
      [me, set(entity('Group', 'x'), entity('Group', 'staff')), true],
      [me, set(nobody, me), true],
      [entity('Group', 'support'), me, false],
    ]
    for (const [left, right, expected] of cases) {
      assert.equal(says(both('in', left, right)), expected, JSON.stringify([left, right]))
      const dynamic = attr(variable('context'), 'it')
      const { Value: one, Set: several } = right as { Value?: unknown; Set?: { Value?: unknown }[] } // as: of the table
      const given = one ?? several?.map(({ Value }) => Value)
      if (Array.isArray(given) ? given.every((each) => each) : given)
        assert.equal(says(both('in', left, dynamic), { it: given }), expected)
    }
  })

  it('have attributes and tags, or fail', () => {
    assert.equal(says(both('==', attr(me, 'level'), value(3))), true)
    assert.equal(says(both('==', attr(attr(me, 'owner'), 'level'), value(3))), true)
    assert.equal(says(attr(me, 'nothing')), 'fails')
    assert.equal(says(attr(nobody, 'level')), 'fails')
    assert.equal(says({ has: { left: nobody, attr: 'level' } }), false)
    assert.equal(says(both('hasTag', me, value('room'))), true)
    assert.equal(says(both('hasTag', nobody, value('room'))), false)
    assert.equal(says(both('==', both('getTag', me, value('room')), value('A1'))), true)
    assert.equal(says(both('getTag', me, value('level'))), 'fails')
    assert.equal(says(both('getTag', nobody, value('room'))), 'fails')
  })

  it('have paths, as far as they go', () => {
    const path = (...attrs: string[]) => ({ has: { left: me, attr: attrs } })
    assert.equal(says(path('owner', 'owner', 'level')), true)
    assert.equal(says(path('owner', 'nothing', 'level')), false)
    assert.equal(says(path('nothing', 'level')), false)
    assert.equal(says(path('level', 'x')), 'fails')
  })

  it('have a type', () => {
    assert.equal(says({ is: { left: me, entity_type: 'Person' } }), true)
    assert.equal(says({ is: { left: me, entity_type: 'Group' } }), false)
    const within = (type: string, id: string) => ({
      is: { left: me, entity_type: type, in: entity('Group', id) },
    })
    assert.equal(says(within('Person', 'staff')), true)
    assert.equal(says(within('Person', 'x')), false)
    assert.equal(says({ is: { left: me, entity_type: 'Group', in: FAILS } }), false)
  })
})

describe('members of records', () => {
  it('are their own, whatever their name', () => {
    const context = variable('context')
    for (const name of ['__proto__', 'constructor', 'toString', 'members']) {
      assert.equal(says({ has: { left: context, attr: name } }), false, name)
      assert.equal(says(attr(context, name)), 'fails', name)
      const given = JSON.parse(`{${JSON.stringify(name)}: 1}`)
      assert.equal(says(both('==', attr(context, name), NUMBER), given), true, name)
    }
    assert.equal(PERSON.id, 'sam')
  })
})
