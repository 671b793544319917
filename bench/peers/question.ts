import { requestBytes } from '../harness/proofs.ts'

/** Number of different questions, which come in turns. */
export const QUESTIONS = 500
/** The policy: somebody of support may have an allowed agent refund up to this. */
export const LIMIT = 1_000
export const AGENT = 'refund-bot'
const OTHER = 'other-bot'

/** May this agent refund this amount for this person? */
export interface Question {
  readonly person: string
  readonly agent: string
  readonly amount: number
  readonly order: string
}

export function personAt(i: number): string {
  return `person-${i % QUESTIONS}`
}

/** Every second person is of support. */
export function isSupport(i: number): boolean {
  return i % 2 === 0
}

/** All four reasons come in turns: a yes, and a no for each of person, agent and amount. */
export function questionAt(i: number): {
  readonly question: Question
  readonly permitted: boolean
} {
  const n = i % QUESTIONS
  const question = {
    person: personAt(n),
    agent: n % 5 === 0 ? OTHER : AGENT,
    amount: n % 7 === 0 ? LIMIT + 1 + n : 1 + n,
    order: `order-${n}`,
  }
  const { agent, amount } = question
  return { question, permitted: isSupport(n) && agent === AGENT && amount <= LIMIT }
}

/** One POST of JSON as bytes. */
export function posted(
  port: number,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  return requestBytes({
    method: 'POST',
    url: `http://127.0.0.1:${port}${path}`,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** The questions as bytes, made once each, in turns. */
export function inTurns(count: number, make: (i: number) => Buffer): Buffer[] {
  const made = Array.from({ length: Math.min(count, QUESTIONS) }, (_, i) => make(i))
  return Array.from({ length: count }, (_, i) => made[i % QUESTIONS] ?? make(i))
}
