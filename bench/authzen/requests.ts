import type { OpenTask } from '../../src/programs/cli/agent/client.ts'
import type { Answer } from '../harness/connection.ts'
import type { Check } from '../harness/load.ts'

const EVALUATION = '/access/v1/evaluation'

/** One request of the Authorization API, as bytes. */
export function request(port: number, path: string, secret: string, body: object): Buffer {
  const text = JSON.stringify(body)
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${secret}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** Questions of the certification scenario, in turns, and what the answer to each is. */
const QUESTIONS = [
  [
    {
      subject: { type: 'user', id: 'alice' },
      action: { name: 'read' },
      resource: { type: 'record', id: 'record-1' },
    },
    true,
  ],
  [
    {
      subject: { type: 'user', id: 'bob' },
      action: { name: 'write' },
      resource: { type: 'record', id: 'record-1' },
    },
    false,
  ],
  [
    {
      subject: { type: 'user', id: 'bob' },
      action: { name: 'write' },
      resource: { type: 'record', id: 'record-2' },
    },
    true,
  ],
  [
    {
      subject: { type: 'user', id: 'alice' },
      action: { name: 'write' },
      resource: { type: 'record', id: 'record-2' },
    },
    false,
  ],
] as const

export function single(i: number): { body: object; decision: boolean } {
  const [body, decision] = QUESTIONS[i % QUESTIONS.length] ?? QUESTIONS[0]
  return { body, decision }
}

/** Builds a batch of `count` questions, of which each is about another person and another record. */
export function batch(count: number): { body: object; decisions: readonly boolean[] } {
  const all = Array.from({ length: count }, (_, i) => different(i))
  return {
    body: { evaluations: all.map(({ body }) => body) },
    decisions: all.map(({ decision }) => decision),
  }
}

/** Administrators write what is archived; the enforcement point says who is one, and what is. */
function different(i: number): { body: object; decision: boolean } {
  const role = i % 2 === 0 ? 'admin' : 'reader'
  const status = i % 3 === 0 ? 'archived' : 'active'
  return {
    body: {
      subject: { type: 'user', id: `user-${i}`, properties: { role } },
      action: { name: 'write' },
      resource: { type: 'record', id: `record-of-${i}`, properties: { status } },
    },
    decision: role === 'admin' && status === 'archived',
  }
}

/** Single questions to a policy-only set, by the enforcement point that has this secret. */
export function singles(port: number, secret: string, count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => request(port, EVALUATION, secret, single(i).body))
}

/** Questions about one call of a task, by an enforcement point that names tasks. */
export function callsOf(
  task: Pick<OpenTask, 'id' | 'token'>,
  { count, port, secret }: { count: number; port: number; secret: string },
): readonly Buffer[] {
  const person = JSON.parse(Buffer.from(task.token.split('.')[1] ?? '', 'base64url').toString()).sub
  const body = {
    subject: { type: 'user', id: person },
    action: { name: 'orders.read' },
    resource: { type: 'resource', id: 'orders' },
    context: { task: task.id, args: { order_id: '1042' } },
  }
  const bytes = request(port, EVALUATION, secret, body)
  return Array.from({ length: count }, () => bytes)
}

export function mustDecide(answer: Answer, decision: boolean): void {
  const { context, decision: said } = JSON.parse(answer.body.toString('utf8'))
  if (answer.status !== 200 || said !== decision || typeof context?.evaluation_id !== 'string')
    throw new Error(`not the decision: ${answer.head}\n${answer.body}`)
}

export function mustDecideAll({ body, head, status }: Answer, decisions: readonly boolean[]): void {
  const { evaluations } = JSON.parse(body.toString('utf8'))
  const same =
    evaluations?.length === decisions.length &&
    decisions.every((decision, i) => evaluations[i].decision === decision)
  if (status !== 200 || !same) throw new Error(`not the decisions: ${head}\n${body}`)
}

/** Checks the answers to `singles`. */
export const mustBeSingle: Check = (answer, i) => mustDecide(answer, single(i).decision)

/** Checks the answers to `callsOf`. */
export const mustPermit: Check = (answer) => mustDecide(answer, true)
