import type { Resource } from '../../catalog/catalog/index.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'
import { STATELESS_REVISION } from '../../platform/net/index.ts'
import type { Verdict } from '../calls/index.ts'
import type { McpConversation } from '../mcp-sessions/index.ts'
import { scrub } from './scrub.ts'
import { isOurs } from './tool-error.ts'

/** Maximum rounds of questions in one call: official clients go on for no more. */
export const MAX_ROUNDS = 10
/** Members of a question that are not passed on: who says them is heard as if the gateway did. */
const OF_THE_HOP = new Set(['_meta', 'task', 'elicitationId'])
/** Capabilities that are for an administrator to allow. */
const ASKED = new Set(['sampling', 'roots'])
const MAX_QUESTIONS = 16
const MAX_KEY = 128
const MAX_STATE = 1_024
const MAX_WORDS = 4_000

/** Questions of a server to the client, as they may be passed on. */
export interface ServerQuestions {
  readonly questions: ReadonlyMap<string, JsonObject>
  /** State that the server wants back with the answers. */
  readonly state: string | undefined
}

/** Call in which a server asks. */
interface QuestionedCall {
  readonly conversation: Pick<McpConversation, 'capabilities' | 'revision'>
  readonly redactor: Redactor
  readonly resource: Resource
  readonly verdict: Pick<Verdict<'permit'>, 'requestId'>
}

/**
 * Names the capabilities of the client that its server may use: elicitation, which people answer;
 * models and lists of folders only where an administrator allows it.
 * INVARIANT: none in a call of which policies leave something out, since nothing can be taken out of
 * questions; and none that a single request would have to be approved twice for.
 */
export function mayBeAsked(
  { conversation, resource, verdict }: QuestionedCall,
  reshaped: boolean,
): readonly string[] {
  const single = conversation.revision === STATELESS_REVISION
  if (reshaped || (single && verdict.requestId !== undefined)) return []
  return askable(conversation.capabilities, resource)
}

/** Capabilities of a client that this server may use at all. */
export function askable(
  names: readonly string[],
  { serverAsks }: Pick<Resource, 'serverAsks'>,
): readonly string[] {
  return names.filter((name) => {
    const [kind = ''] = name.split('/', 1)
    const allowed = serverAsks === 'both' ? kind : serverAsks
    return kind === 'elicitation' || (ASKED.has(kind) && allowed === kind)
  })
}

/**
 * Reads a result that asks for input (2026-07-28, "Multi Round-Trip Requests"). Answers the problem
 * `upstream.asks` where something is not to be passed on.
 */
export function readQuestions(
  result: JsonObject,
  asking: QuestionedCall,
  may: readonly string[],
): ServerQuestions | Problem {
  const said = scrub(result, asking.redactor)
  const requests = said.get('inputRequests') ?? new Map<string, Json>()
  const state = said.get('requestState')
  if (!isObject(requests) || requests.size > MAX_QUESTIONS)
    return refusedQuestion('too much at once')
  if (state !== undefined && (typeof state !== 'string' || state.length > MAX_STATE))
    return refusedQuestion('to keep a state that is too long')
  if (requests.size === 0 && state === undefined) return refusedQuestion('for nothing')
  const questions = new Map<string, JsonObject>()
  for (const [key, question] of requests) {
    if (key.length > MAX_KEY || isOurs(key)) return refusedQuestion('in our name')
    const passed = passedQuestion(question, asking, may)
    if (passed instanceof Problem) return passed
    questions.set(key, passed)
  }
  return { questions, state }
}

/**
 * Writes one question as the client gets it: its reader learns that these are the words of
 * the server. Answers the problem `upstream.asks` where it is not to be passed on.
 */
export function passedQuestion(
  question: Json,
  { resource }: Pick<QuestionedCall, 'resource'>,
  may: readonly string[],
): JsonObject | Problem {
  const method = isObject(question) ? question.get('method') : undefined
  const given = (isObject(question) ? question.get('params') : undefined) ?? new Map()
  if (typeof method !== 'string' || !isObject(given)) return refusedQuestion('something unknown')
  const params = new Map(Array.from(given).filter(([name]) => !OF_THE_HOP.has(name)))
  const needed = neededFor(method, params)
  if (needed === undefined || !may.includes(needed))
    return refusedQuestion(`for \`${needed ?? method.slice(0, 64)}\``)
  const told = method === 'elicitation/create' ? inWords(params, resource.title) : params
  if (told instanceof Problem) return told
  return new Map<string, Json>([
    ['method', method],
    ['params', told],
  ])
}

function neededFor(method: string, params: JsonObject): string | undefined {
  if (method === 'sampling/createMessage') return 'sampling'
  if (method === 'roots/list') return 'roots'
  if (method !== 'elicitation/create') return undefined
  const mode = params.get('mode') ?? 'form'
  return mode === 'form' || mode === 'url' ? `elicitation/${mode}` : undefined
}

function inWords(params: JsonObject, title: string): JsonObject | Problem {
  const message = params.get('message')
  const url = params.get('url')
  if (typeof message !== 'string') return refusedQuestion('without words')
  if (url !== undefined && !isSafe(url))
    return refusedQuestion('people to open an address that is not safe')
  const words = `From the MCP server "${title}", not from Remit: ${message}`
  return new Map([...params, ['message', words.slice(0, MAX_WORDS).toWellFormed()]])
}

/** An address that a browser opens as a page, and that contains no password. */
function isSafe(url: Json): boolean {
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  if (parsed?.username !== '' || parsed.password !== '') return false
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname)
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && local)
}

function refusedQuestion(what: string): Problem {
  return new Problem('upstream.asks', `the MCP server asks ${what}, and that is not passed on`)
}
