/** Cases, one after the other, until they end or two engines say different things. */
import { CompileError } from '@remit/engine'
import { type Question, randomCase, randomOperations } from './cases.ts'
import { type Disagreement, Pair, told } from './compare.ts'
import { CompiledEngine } from './compiled.ts'
import { corrupted } from './corrupt.ts'
import { type Json, print } from './json.ts'
import type { PolicySet } from './policies.ts'
import { Random } from './random.ts'
import { shrink } from './shrink.ts'
import { throughText } from './through-text.ts'

/** Compares random cases. Answers how many questions were asked. @throws Error with the seed and a small example */
export function compareCases(seeds: Iterable<number>, questions: number): number {
  let compared = 0
  for (const seed of seeds) {
    const { questions: asked, set } = randomCase(seed, questions)
    compareAll(new Pair(set), set, asked, `case ${seed}`)
    compared += asked.length
  }
  return compared
}

/**
 * Compares policies that went through text: what ours compiles is what the official tools read.
 * @throws Error
 */
export function compareTexts(seeds: Iterable<number>, questions: number): number {
  let compared = 0
  for (const seed of seeds) {
    const { questions: asked, set } = randomCase(seed, questions)
    const { read, text } = throughText(set)
    compareAll(new Pair(read, text), read, asked, `case ${seed}, through text`)
    compared += asked.length
  }
  return compared
}

/** Single operations, many in one question: what is determining and what errs tells the result of each. @throws Error */
export function compareOperations(seeds: Iterable<number>, count: number): number {
  let compared = 0
  for (const seed of seeds) {
    const set = randomOperations(seed, count)
    compareAll(new Pair(set), set, [NOTHING_THERE], `operations ${seed}`)
    compared += count
  }
  return compared
}

const NOTHING_THERE: Question = {
  request: {
    principal: { type: 'User', id: '0' },
    action: { type: 'Action', id: 'read' },
    resource: { type: 'Folder', id: '0' },
    context: {},
  },
  entities: [],
}

/** @throws Error */
export function compareAll(
  pair: Pair,
  set: PolicySet,
  questions: readonly Question[],
  name: string,
): void {
  for (const question of questions) {
    const found = pair.compare(question)
    if (found) throw new Error(report(name, set, found))
  }
}

function report(name: string, set: PolicySet, found: Disagreement): string {
  const small = shrink({ set, question: found.question })
  const still = new Pair(small.set).compare(small.question)
  const { official, ours } = still ?? found
  return `${name}: the engines disagree
official: ${told(official)}
ours:     ${told(ours)}
To keep in test/engine/pinned.json:
${print({ name, ...small } as unknown as Json, 1)}`
}

/**
 * Policies with something wrong in them: what ours compiles, the official engine takes, too, and understands in the same way. Answers
 * how many ours compiled. @throws Error
 */
export function compareCorrupted(seeds: Iterable<number>): { compiled: number; refused: number } {
  const seen = { compiled: 0, refused: 0 }
  for (const seed of seeds) {
    const { questions, set } = randomCase(seed, 2)
    const random = new Random(seed)
    for (const policy of Object.values(set.staticPolicies).slice(0, 8)) {
      const bad = {
        staticPolicies: { p: corrupted(random, policy) },
        templates: {},
        templateLinks: [],
      }
      if (!compiles(bad)) seen.refused++
      else {
        compareAll(new Pair(bad), bad, questions, `corrupted ${seed}`)
        seen.compiled++
      }
    }
  }
  return seen
}

/** @throws anything but a CompileError */
function compiles(set: PolicySet): boolean {
  try {
    new CompiledEngine(set)
    return true
  } catch (error) {
    if (error instanceof CompileError) return false
    throw error
  }
}

/** Part of each range of seeds that `npm test` compares. `npm run test:long` compares all of them, and many more. */
export const SHARE = process.env.TEST_LONG === '1' ? 1 : 0.2

export function* seeds(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed
}
