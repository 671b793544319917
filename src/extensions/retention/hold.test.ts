import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HoldOnTree, isHeld } from './hold.ts'
import type { SubjectMatter } from './subject.ts'

const HOLD: HoldOnTree = {
  ...{ id: 'hld_1', matter: 'case-17', setBy: 'psn_admin', setAt: 0, liftedBy: null },
  ...{ liftedAt: null, personId: null, agentId: null, taskId: null, tree: [], resource: null },
  ...{ fromAt: null, untilAt: null },
}
const ROW: SubjectMatter = {
  ...{ people: ['psn_1', null], agents: ['bot', 'helper'], tasks: ['tsk_1', null] },
  ...{ resources: ['orders'], at: 1_000 },
}

function covers(scope: Partial<HoldOnTree>, row: Partial<SubjectMatter> = {}): boolean {
  return isHeld({ version: 1, standing: [{ ...HOLD, ...scope }] }, [{ ...ROW, ...row }])
}

test('a hold covers what each of its members names', () => {
  assert.deepEqual([covers({ personId: 'psn_1' }), covers({ personId: 'psn_2' })], [true, false])
  assert.deepEqual([covers({ agentId: 'helper' }), covers({ agentId: 'other' })], [true, false])
  assert.deepEqual([covers({ resource: 'orders' }), covers({ resource: 'mail' })], [true, false])
  assert.equal(covers({ resource: 'mail' }, { resources: 'any' }), true)
  const both = { personId: 'psn_1', agentId: 'bot', resource: 'orders' }
  assert.equal(covers(both), true)
  for (const other of [{ personId: 'psn_2' }, { agentId: 'other' }, { resource: 'mail' }])
    assert.equal(covers({ ...both, ...other }), false)
})

test('a hold on a task covers each task of its tree, and nothing that is about no task', () => {
  const hold = { taskId: 'tsk_root', tree: ['tsk_root', 'tsk_1'] }
  assert.equal(covers(hold), true)
  assert.equal(covers(hold, { tasks: ['tsk_root'] }), true)
  assert.equal(covers(hold, { tasks: ['tsk_2'] }), false)
  assert.equal(covers(hold, { tasks: [null, undefined] }), false)
  assert.equal(covers(hold, { tasks: [] }), false)
})

test('a hold on a span covers its first millisecond, and ends before its last', () => {
  const at = (time: number) => covers({ fromAt: 1_000, untilAt: 2_000 }, { at: time })
  assert.deepEqual([999, 1_000, 1_999, 2_000].map(at), [false, true, true, false])
  assert.deepEqual([covers({ fromAt: 1_001 }), covers({ fromAt: 1_000 })], [false, true])
  assert.deepEqual([covers({ untilAt: 1_000 }), covers({ untilAt: 1_001 })], [false, true])
})

test('a row is held where one of several holds covers one of the things that it is about', () => {
  const standing = [
    { ...HOLD, personId: 'psn_9' },
    { ...HOLD, personId: 'psn_2' },
  ]
  assert.equal(isHeld({ version: 1, standing }, [ROW, { ...ROW, people: ['psn_2'] }]), true)
  assert.equal(isHeld({ version: 1, standing }, [ROW]), false)
  assert.equal(isHeld({ version: 1, standing }, []), false)
  assert.equal(isHeld({ version: 1, standing: [] }, [ROW]), false)
})
