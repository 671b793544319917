import type { IssuingSettings, KnownClient } from '../../../identity/machine-clients/index.ts'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import { ISSUE_ACTIONS } from '../../../policy/policy/index.ts'
import type { Decision } from '../answer.ts'
import type { Candidates, EvaluationPlan, SearchedPart } from '../answering.ts'
import type { AuthzenPorts } from '../ports.ts'
import type { Question } from '../question.ts'
import { malformedRequest } from '../read-request.ts'
import {
  type IssuanceAnswer,
  IssuanceAnswerer,
  type IssuanceQuestion,
  type IssuanceRequest,
} from '../token-pdp/index.ts'
import { AUDIENCE, tupleOf } from './tuples.ts'

/**
 * An authorization server that asks before it issues (AuthZEN profile for OAuth 2.0 token issuance, draft 1, and its binding to token
 * exchange). Its requests are answered whole: the tuples of one request are about one token.
 */
export function issuingMode(
  ports: AuthzenPorts,
  { client, view }: KnownClient<'pep'>,
  issuing: IssuingSettings,
): EvaluationPlan {
  const { resources } = client.settings
  const issuance = new IssuanceAnswerer(
    ports.decisions,
    { ...issuing, pep: client.id, resources, view },
    ports.only.answered,
  )
  const known = new Map<Question, Decision>()
  const begin = async (questions: readonly Question[]) => {
    for (const [question, answer] of await answersTo(issuance, questions))
      known.set(question, answer)
  }
  return {
    begin,
    async answer(question) {
      // Asked alone, or a candidate of a search: a request of its own.
      if (!known.has(question)) await begin([question])
      return known.get(question) ?? denied('issuance.unknown')
    },
    candidates: (sought, question) => candidates(ports, { sought, question, issuing, resources }),
    async book(answered) {
      await issuance.book(answered)
      return undefined
    },
    stands: () => issuance.stands(),
    stillStands: () => issuance.stillStands(),
    withdraw: (id) => issuance.withdraw(id),
  }
}

async function answersTo(
  issuance: IssuanceAnswerer,
  questions: readonly Question[],
): Promise<readonly (readonly [Question, Decision])[]> {
  const read = questions.map((question) => ({ question, tuple: tupleOf(question) }))
  const asked = read.flatMap(({ question, tuple }) =>
    typeof tuple === 'string' ? [] : [{ question, tuple }],
  )
  // Read before anything is looked up: a context that is wrong is wrong whatever the tuples say.
  const request = requestOf(
    questions,
    asked.map(({ tuple }) => tuple),
  )
  const answers = asked.length > 0 ? await issuance.answers(request) : []
  const found = new Map(asked.map(({ question }, i) => [question, told(answers[i])]))
  return read.map(({ question, tuple }) => [
    question,
    typeof tuple === 'string' ? denied(tuple) : (found.get(question) ?? denied('issuance.unknown')),
  ])
}

function told(answer: IssuanceAnswer | undefined): Decision {
  if (!answer) return denied('issuance.unknown')
  if (!answer.permitted) return denied(answer.reason)
  const { shaping } = answer
  const permit = { permitted: true, reason: 'permitted' } as const
  return Object.keys(shaping).length > 0 ? { ...permit, issuance: shaping } : permit
}

/** A code and nothing else: it is for the operator of the server, which must not pass it on. */
function denied(reason: string): Decision {
  return { permitted: false, reason }
}

const MAX = { id: 1024, ip: 64 } as const

/**
 * Reads the contexts of a request together. They are about one token, so where they differ the
 * request is wrong.
 * @throws Problem `evaluation.malformed`
 */
function requestOf(
  all: readonly Question[],
  questions: readonly IssuanceQuestion[],
): IssuanceRequest {
  const contexts = [...new Set(all.map(({ context }) => context))]
  const one = (name: string, most: number) => {
    const said = new Set(contexts.map((context) => textAt(context, name, most)))
    said.delete(undefined)
    if (said.size > 1)
      throw malformedRequest(`\`context.${name}\` is not the same in all evaluations`)
    return [...said][0]
  }
  return {
    questions,
    clientId: one('client_id', MAX.id),
    // INVARIANT: bound only where every one says so.
    bound: contexts.length > 0 && contexts.every(isBound),
    ip: one('ip', MAX.ip) ?? '',
    sponsorGrant: one('sponsor_grant', MAX.ip),
    tokenId: one('jti', MAX.id),
  }
}

function isBound(context: JsonObject | undefined): boolean {
  const cnf = context?.get('cnf')
  if (cnf === undefined || cnf === null) return false
  if (!isObject(cnf)) throw malformedRequest('`context.cnf` has to be an object')
  return ['jkt', 'x5t#S256'].some((name) => typeof cnf.get(name) === 'string')
}

function textAt(context: JsonObject | undefined, name: string, most: number): string | undefined {
  const value = context?.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value === '' || value.length > most)
    throw malformedRequest(`\`context.${name}\` has to be a string of 1 to ${most} characters`)
  return value
}

/** Gates, and audiences that it may ask about. Whom there are, no server is told. */
async function candidates(
  { decisions }: AuthzenPorts,
  given: {
    readonly sought: SearchedPart
    readonly question: Question
    readonly issuing: IssuingSettings
    readonly resources: readonly string[] | null
  },
): Promise<Candidates> {
  const { issuing, question, resources, sought } = given
  if (sought === 'action') return sorted(ISSUE_ACTIONS)
  if (sought === 'subject' || question.resource.type !== AUDIENCE) return sorted([])
  const catalog = await decisions.catalog.current()
  const own = [...catalog.resources.values()].filter(
    ({ name }) => resources?.includes(name) ?? true,
  )
  const names = issuing.audiences.map(({ id }) => id)
  return sorted([...new Set([...own.map(({ identifier }) => identifier), ...names])])
}

function sorted(names: readonly string[]): Candidates {
  const all = names.toSorted((a, b) => (a < b ? -1 : 1))
  return (after) => (after === undefined ? all : all.filter((name) => name > after))
}
