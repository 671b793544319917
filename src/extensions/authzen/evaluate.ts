import { setImmediate } from 'node:timers/promises'
import { newId } from '../../platform/lib/id.ts'
import {
  type AnswerBody,
  type AnswerContext,
  type Decision,
  decisionText,
  itemText,
} from './answer.ts'
import { type EvaluationPlan, standsAgain } from './answering.ts'
import { asMistake, type Batch, type BatchItem, readBatch } from './batch.ts'
import type { AuthzenPorts } from './ports.ts'
import { type Question, readQuestion } from './question.ts'
import type { ReadRequest } from './read-request.ts'
import { keptOf } from './record.ts'
import { bindingHash } from './requests/binding.ts'

/** Evaluations between two looks at what else waits. */
const AT_ONCE = 500
/** Evaluations of one request that wait for something at the same time. */
export const TOGETHER = 16

/** Access Evaluation. */
export function evaluate(
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  request: ReadRequest,
): Promise<AnswerBody> {
  return answerOne(ports, answering, readQuestion(request.body), request)
}

/** Access Evaluations. */
export async function evaluateAll(
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  request: ReadRequest,
): Promise<AnswerBody> {
  const batch = readBatch(request.body)
  if (batch.single) return answerOne(ports, answering, batch.questions[0], request)
  const readable = batch.items.flatMap((item) => ('question' in item ? [item.question] : []))
  await answering.begin?.(readable)
  const answers = await answersOf(answering, batch)
  const about = aboutNow(ports)
  await answering.book({
    ...{ id: about.evaluationId, kind: 'evaluations', answers: answers.length },
    permitted: answers.filter(({ permitted }) => permitted).length,
    private: {
      ...keptOf(request),
      answers: answers.map(({ permitted }) => (permitted ? '1' : '0')).join(''),
    },
  })
  const isSo = answering.stands() || (await standsAgain(answering, about.evaluationId))
  const given = isSo ? answers : answers.map(overtaken)
  const texts = given.map((answer) => itemText(answer, about))
  return { text: `{"evaluations":[${texts.join(',')}]}`, evaluationId: about.evaluationId }
}

async function answerOne(
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  question: Question,
  request: ReadRequest,
): Promise<AnswerBody> {
  const found = answering.answer(question, { bindingHash: () => bindingHash(request.body) })
  // Awaiting a value that is there already would cost more than most answers.
  const weighed = found instanceof Promise ? await found : found
  const about = aboutNow(ports)
  const { permitted, reason } = weighed
  const instead = await answering.book(
    {
      ...{ id: about.evaluationId, kind: 'evaluation', reason, answers: 1 },
      permitted: permitted ? 1 : 0,
      private: keptOf(request),
    },
    weighed,
  )
  const answer = instead ?? weighed
  // INVARIANT: what no longer stands in the tick in which it is answered permits nothing.
  const isSo = answering.stands() || (await standsAgain(answering, about.evaluationId))
  const given = isSo ? answer : overtaken(answer)
  return { text: decisionText(given, about), evaluationId: about.evaluationId }
}

type BatchOfMany = Extract<Batch, { single: false }>

function answersOf(answering: EvaluationPlan, batch: BatchOfMany): Promise<readonly Decision[]> {
  if (batch.semantic === 'execute_all') return executeAll(answering, batch.items)
  return untilOneEnds(answering, batch)
}

/**
 * Several at a time: what each waits for (the store, decision points of others) is waited for together. No answer depends on another
 * one. When one fails of ourselves, the others are not begun.
 */
async function executeAll(
  answering: EvaluationPlan,
  items: readonly BatchItem[],
): Promise<readonly Decision[]> {
  const answers: Decision[] = []
  const left = items.entries()
  let failed = false
  const work = async () => {
    for (const [i, item] of left) {
      if (i % AT_ONCE === AT_ONCE - 1) await setImmediate()
      const found = answerTo(answering, item)
      // Awaiting a value that is there already would cost more than most answers.
      answers[i] = found instanceof Promise ? await found : found
      if (failed) return
    }
  }
  const workers = Array.from({ length: Math.min(TOGETHER, items.length) }, () =>
    work().catch((error: unknown) => {
      failed = true
      throw error
    }),
  )
  await Promise.all(workers)
  return answers
}

/** Evaluates one after the other: where the first decision ends the batch, the rest is not asked. */
async function untilOneEnds(
  answering: EvaluationPlan,
  { items, semantic }: BatchOfMany,
): Promise<readonly Decision[]> {
  const answers: Decision[] = []
  for (const item of items) {
    if (answers.length % AT_ONCE === AT_ONCE - 1) await setImmediate()
    const found = answerTo(answering, item)
    const answer = found instanceof Promise ? await found : found
    answers.push(answer)
    if (semantic === 'deny_on_first_deny' && !answer.permitted) break
    if (semantic === 'permit_on_first_permit' && answer.permitted) break
  }
  return answers
}

function answerTo(answering: EvaluationPlan, item: BatchItem): Decision | Promise<Decision> {
  if ('answer' in item) return item.answer
  try {
    const found = answering.answer(item.question)
    return found instanceof Promise ? found.catch(asMistake) : found
  } catch (error) {
    return asMistake(error)
  }
}

function aboutNow({
  clock,
  random,
}: AuthzenPorts): AnswerContext & { evaluationId: `dec_${string}` } {
  return { evaluationId: newId('decision', random), at: clock.now() }
}

function overtaken(answer: Decision): Decision {
  return answer.permitted ? { permitted: false, reason: 'evaluation.overtaken' } : answer
}
