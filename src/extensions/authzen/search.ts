import { setImmediate } from 'node:timers/promises'
import type { KnownClient } from '../../identity/machine-clients/index.ts'
import { newId } from '../../platform/lib/id.ts'
import type { JsonObject } from '../../platform/lib/json.ts'
import { onProblem } from '../../platform/lib/problem.ts'
import type { AnswerBody, Decision } from './answer.ts'
import { type EvaluationPlan, type SearchedPart, standsAgain } from './answering.ts'
import { obligationsOf } from './obligations.ts'
import { pageToken, readPage, type SearchPage } from './page.ts'
import type { AuthzenPorts } from './ports.ts'
import { type Question, readAction, readContext, readEntity, readType } from './question.ts'
import type { ReadRequest } from './read-request.ts'
import { keptOf } from './record.ts'

/** Candidates that one request tries at most. The rest is for the next page. */
const MAX_TRIED = 5_000
const AT_ONCE = 500

interface SearchResult {
  readonly results: readonly object[]
  /** Empty: there is nothing after it. */
  readonly next: string
  readonly tried: number
}

/** Subject, Resource and Action Search: exactly those of the candidates that an evaluation permits. */
export async function search(
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  {
    known,
    request,
    sought,
  }: { known: KnownClient<'pep'>; request: ReadRequest; sought: SearchedPart },
): Promise<AnswerBody> {
  const question = readSearch(request.body, sought)
  const by = { pep: known.client.id, endpoint: sought }
  const page = readPage(ports, request.body, by)
  const found = await find(ports, answering, { page, question, sought })
  const id = newId('decision', ports.random)
  await answering.book({
    id,
    kind: `search.${sought}`,
    answers: found.tried,
    permitted: found.results.length,
    private: keptOf(request),
  })
  const isSo = answering.stands() || (await standsAgain(answering, id))
  const { next, results } = isSo ? found : { next: '', results: [] }
  const text = JSON.stringify({ page: { next_token: next, count: results.length }, results })
  return { text, evaluationId: id }
}

/** A request as a question with a place to fill. @throws Problem `evaluation.malformed` */
function readSearch(body: JsonObject, sought: SearchedPart): Question {
  const entity = (name: 'subject' | 'resource') =>
    sought === name
      ? { type: readType(body.get(name), name), id: '' }
      : readEntity(body.get(name), name)
  return {
    subject: entity('subject'),
    action: sought === 'action' ? { name: '' } : readAction(body.get('action')),
    resource: entity('resource'),
    context: readContext(body.get('context')),
  }
}

async function find(
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  { page, question, sought }: { page: SearchPage; question: Question; sought: SearchedPart },
): Promise<SearchResult> {
  const results: object[] = []
  const candidates = await answering.candidates(sought, question)
  let [tried, last] = [0, page.after]
  for (const candidate of candidates(page.after)) {
    const isFull = results.length >= page.limit || tried >= MAX_TRIED
    if (isFull) return { results, next: pageToken(ports, page, last ?? ''), tried }
    if (tried++ % AT_ONCE === AT_ONCE - 1) await setImmediate()
    const answer = await answerTo(answering, filled(question, sought, candidate))
    if (answer?.permitted) results.push(resultOf(question, sought, candidate, answer))
    last = candidate
  }
  return { results, next: '', tried }
}

function filled(question: Question, sought: SearchedPart, candidate: string): Question {
  if (sought === 'action') return { ...question, action: { name: candidate } }
  return { ...question, [sought]: { type: question[sought].type, id: candidate } }
}

const noResult = onProblem(() => undefined)

/** A candidate about which the question cannot be asked is no result. */
async function answerTo(
  answering: EvaluationPlan,
  question: Question,
): Promise<Decision | undefined> {
  try {
    return await answering.answer(question)
  } catch (error) {
    return noResult(error)
  }
}

/** Obligations stand with each result (Obligations Profile, Search requests). */
function resultOf(
  question: Question,
  sought: SearchedPart,
  candidate: string,
  answer: Decision,
): object {
  const { obligations = [] } = answer
  const todo = obligations.length === 0 ? {} : { obligations: obligationsOf(obligations) }
  if (sought === 'action') return { name: candidate, ...todo }
  return { type: question[sought].type, id: candidate, ...todo }
}
