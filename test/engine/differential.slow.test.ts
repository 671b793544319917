/**
 * Remit's engine against the official one, which is the oracle: permitted, the policies that determine it and those in error must be
 * the same. Seeds are fixed, so a failure is there again in the next run; its message has what to add to pinned.json.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomCase } from './cases.ts'
import { agree, Pair, told } from './compare.ts'
import { CompiledEngine } from './compiled.ts'
import {
  compareAll,
  compareCases,
  compareCorrupted,
  compareOperations,
  SHARE,
  seeds,
} from './differential.ts'
import { parse } from './json.ts'
import type { PolicySet } from './policies.ts'
import type { Example } from './shrink.ts'

const PINNED = join(import.meta.dirname, 'pinned.json')

test('everything that was ever found stays mended', () => {
  const pinned = parse(readFileSync(PINNED, 'utf8')) as unknown as (Example & { name: string })[] // as: written from that
  assert.ok(pinned.length > 0)
  for (const { name, question, set } of pinned) compareAll(new Pair(set), set, [question], name)
})

test('single operations on values at the edges', () => {
  assert.equal(compareOperations(seeds(1, 300 * SHARE), 150), 45_000 * SHARE)
})

test('policies with something wrong in them are refused, or mean what they mean to the official engine', () => {
  const { compiled, refused } = compareCorrupted(seeds(3e6, 250))
  assert.ok(compiled > 150 && refused > 1000, `${compiled} compiled, ${refused} refused`)
})

// Apart, so that each has the time of a test to itself, on a machine that does much else.
for (const part of [0, 1, 2, 3]) {
  test(`random worlds, policies and requests (${part + 1} of 4)`, () => {
    assert.equal(compareCases(seeds(1e6 * part, 230 * SHARE), 80), 18_400 * SHARE)
  })
}

test('leaving policies out is the same as not having them', () => {
  for (const seed of seeds(5e6, 150 * SHARE)) {
    const { questions, set } = randomCase(seed, 8)
    const compiled = new CompiledEngine(set)
    const ids = [...Object.keys(set.staticPolicies), ...set.templateLinks.map(({ newId }) => newId)]
    const leaveOut = new Set(ids.filter((_, i) => (i + seed) % 3 === 0))
    const without = new CompiledEngine(remove(set, leaveOut))
    for (const question of questions) {
      const [left, gone] = [compiled.ask(question, leaveOut), without.ask(question)]
      assert.ok(agree(left, gone), `case ${seed}: ${told(left)}, and ${told(gone)}`)
    }
  }
})

function remove(
  { staticPolicies, templateLinks, templates }: PolicySet,
  ids: ReadonlySet<string>,
): PolicySet {
  const kept = Object.entries(staticPolicies).filter(([id]) => !ids.has(id))
  return {
    staticPolicies: Object.fromEntries(kept),
    templates,
    templateLinks: templateLinks.filter(({ newId }) => !ids.has(newId)),
  }
}
