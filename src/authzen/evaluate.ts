import { setImmediate } from 'node:timers/promises'
import { newId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import { type About, type Answer, decisionText, itemText } from './answer.ts'
import type { Answering } from './answering.ts'
import { type Batch, readBatch } from './batch.ts'
import type { AuthzenPorts } from './ports.ts'
import { type Question, readQuestion } from './question.ts'
import type { ReadRequest } from './read-request.ts'
import { keptOf } from './record.ts'
import { bindingHash } from './requests/binding.ts'

/** Evaluations between two looks at what else waits. */
const AT_ONCE = 500

/** Access Evaluation. */
export function evaluate(
  ports: AuthzenPorts,
  answering: Answering,
  request: ReadRequest,
): Promise<string> {
  return answerOne(ports, answering, readQuestion(request.body), request)
}

/** Access Evaluations. */
export async function evaluateAll(
  ports: AuthzenPorts,
  answering: Answering,
  request: ReadRequest,
): Promise<string> {
  const batch = readBatch(request.body)
  if (batch.single) return answerOne(ports, answering, batch.questions[0], request)
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
  const given = answering.stands() ? answers : await withdrawn(answering, about, answers)
  const texts = given.map((answer) => itemText(answer, about))
  return `{"evaluations":[${texts.join(',')}],"context":${JSON.stringify(contextOf(about))}}`
}

async function answerOne(
  ports: AuthzenPorts,
  answering: Answering,
  question: Question,
  request: ReadRequest,
): Promise<string> {
  const found = answering.answer(question, { bindingHash: () => bindingHash(request.body) })
  // Waiting for what is there already would cost more than most answers.
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
  const [given = answer] = answering.stands()
    ? [answer]
    : await withdrawn(answering, about, [answer])
  return decisionText(given, about)
}

/** One after the other, as far as the semantic wants. */
async function answersOf(
  answering: Answering,
  { questions, semantic }: Extract<Batch, { single: false }>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const question of questions) {
    if (answers.length % AT_ONCE === AT_ONCE - 1) await setImmediate()
    const found = question instanceof Problem ? mistaken(question) : answerTo(answering, question)
    const answer = found instanceof Promise ? await found.catch(mistakenOr) : found
    answers.push(answer)
    if (semantic === 'deny_on_first_deny' && !answer.permitted) break
    if (semantic === 'permit_on_first_permit' && answer.permitted) break
  }
  return answers
}

function answerTo(answering: Answering, question: Question): Answer | Promise<Answer> {
  try {
    return answering.answer(question)
  } catch (error) {
    return mistakenOr(error)
  }
}

/** What is wrong with a question is its answer; everything else is a failure of ours and stays thrown. */
function mistakenOr(error: unknown): Answer {
  if (error instanceof Problem && error.status < 500) return mistaken(error)
  throw error
}

function mistaken(error: Problem): Answer {
  return { permitted: false, reason: error.code, error }
}

function aboutNow({ clock, random }: AuthzenPorts): About & { evaluationId: `dec_${string}` } {
  return { evaluationId: newId('decision', random), at: clock.now() }
}

function contextOf({ at, evaluationId }: About) {
  return { evaluation_id: evaluationId, evaluated_at: new Date(at).toISOString() }
}

/** INVARIANT: what no longer stands in the tick in which it is answered permits nothing. */
async function withdrawn(
  answering: Answering,
  { evaluationId }: ReturnType<typeof aboutNow>,
  answers: readonly Answer[],
): Promise<readonly Answer[]> {
  await answering.withdraw(evaluationId)
  return answers.map((answer) =>
    answer.permitted ? { permitted: false, reason: 'evaluation.overtaken' } : answer,
  )
}
