import { CallAnswerer, type CallQuestion, type EvaluatedCall } from '../../../calls/calls/index.ts'
import type { Action, CatalogView, Resource } from '../../../catalog/catalog/index.ts'
import type { KnownClient, PepSettings } from '../../../identity/machine-clients/index.ts'
import { tokenSubject } from '../../../tasks/facts/index.ts'
import type { Decision, RequestableOffer } from '../answer.ts'
import type { Candidates, EvaluationPlan, SearchedPart, SingleQuestion } from '../answering.ts'
import { bringsStepUp, canDo } from '../obligations.ts'
import type { AuthzenPorts } from '../ports.ts'
import type { Question } from '../question.ts'
import { malformedRequest } from '../read-request.ts'
import { bindingToken } from '../requests/binding-token.ts'
import { REQUESTS_PATH } from '../requests/shown-task.ts'
import { SubmissionDesk } from '../submissions/index.ts'
import { typedArguments } from './arguments.ts'
import { type CallContext, readCallContext } from './context.ts'

/** Type of a resource in requests. */
const RESOURCE = 'resource'
/** Types of subjects, and what they can be. `identity` is the subject of the token (COAZ). */
const SUBJECTS: ReadonlyMap<string, CallQuestion['subject']['is']> = new Map([
  ['user', 'person'],
  ['person', 'person'],
  ['agent', 'agent'],
  ['identity', 'either'],
])

/** An enforcement point that is answered about calls of tasks, by all gates. */
export async function taskMode(
  ports: AuthzenPorts,
  known: KnownClient<'pep'>,
): Promise<EvaluationPlan> {
  const { client, view } = known
  const pep = client.settings
  const { decisions } = ports
  const { namesTasks, takes } = pep
  const calls = new CallAnswerer(
    decisions,
    { pep: client.id, namesTasks, takes, view, desk: new SubmissionDesk(decisions.storage.read) },
    ports.only.answered,
  )
  const evaluated = new Map<Decision, EvaluatedCall>()
  // One catalog for the whole request; whether it still counts is asked when a call is judged.
  const catalog = await decisions.catalog.current()
  const told = (found: EvaluatedCall, question?: Question) => {
    const answer = taskModeDecision(ports, found, question)
    evaluated.set(answer, found)
    return answer
  }
  return {
    async answer(question, alone) {
      const asked = callQuestion(question, { pep, catalog, alone })
      if ('reason' in asked) return asked
      const { call, untyped } = asked
      if (untyped) {
        const unknown = await calls.unidentified(call)
        return unknown ? told(unknown, question) : untyped
      }
      const found = await calls.answer(call)
      return told(found, question)
    },
    candidates: (sought, question) => candidates(ports, { sought, question, pep, catalog }),
    async book(answered, single) {
      const instead = await calls.book(answered, single && evaluated.get(single))
      return instead && told(instead)
    },
    stands: () => calls.stands(),
    stillStands: () => calls.stillStands(),
    withdraw: (id) => calls.withdraw(id),
  }
}

function offerOf(ports: Pick<AuthzenPorts, 'issuer' | 'master'>, until: number): RequestableOffer {
  const endpoint = ports.issuer + REQUESTS_PATH
  return { endpoint, until, tokenOf: (id) => bindingToken(ports, id) }
}

function taskModeDecision(
  ports: Pick<AuthzenPorts, 'issuer' | 'master'>,
  found: EvaluatedCall,
  question: Question | undefined,
): Decision {
  const { detail, enough, obligations, outcome, reason, requestableUntil: until, stepUp } = found
  const { approval, unhelped } = found
  const answer: Decision = {
    ...{ permitted: outcome === 'permit', reason, detail, enough, obligations },
    ...(until === undefined ? {} : { requestable: offerOf(ports, until) }),
    ...(approval ? { approval } : {}),
    ...(unhelped ? { unhelped } : {}),
  }
  return stepUp ? { ...answer, stepUp, bringsStepUp: bringsStepUp(question?.context) } : answer
}

/** Call of a question, and the fault of its arguments: then it has none. */
interface AskedCall {
  readonly call: CallQuestion
  readonly untyped: Decision | undefined
}

/** The question as one about a call, or why it cannot be about one. */
function callQuestion(
  question: Question,
  given: {
    readonly pep: PepSettings
    readonly catalog: CatalogView
    readonly alone: SingleQuestion | undefined
  },
): AskedCall | Decision {
  const { alone, catalog, pep } = given
  const said = readCallContext(question.context)
  // Who forwards a token of another server does not know the task that it opens.
  if (said.task === undefined && !said.shown) return NO_TASK
  const is = SUBJECTS.get(question.subject.type)
  if (is === undefined) return WRONG_SUBJECT
  const resource = resourceOf(question.resource, pep, catalog)
  if (!resource) return UNKNOWN_RESOURCE
  const action = catalog.actions.get(question.action.name)
  if (action?.resource !== resource.name) return UNKNOWN_ACTION
  checkUrl(said, resource)
  const args = argsOf(said, question, pep)
  const typed = typedArguments(action, args)
  const call = {
    task: said.task,
    shown: said.shown,
    subject: { is, id: question.subject.id },
    agent: said.agent,
    resource,
    action,
    arguments: typed.ok ? typed.arguments : new Map(),
    origin: { ip: said.ip },
    can: canDo(question.context),
    // What people are asked about names its task.
    alone:
      said.task === undefined ? undefined : alone && { ...alone, args, approval: said.approval },
  }
  return { call, untyped: typed.ok ? undefined : denied(typed.reason, typed.detail) }
}

/**
 * Finds a resource by name or by identifier. One that the enforcement point may not ask about looks
 * like none at all.
 */
function resourceOf(
  { id, type }: Question['resource'],
  { resources }: PepSettings,
  catalog: CatalogView,
): Resource | undefined {
  if (type !== RESOURCE) return undefined
  const found = catalog.resources.get(id) ?? catalog.byIdentifier.get(id)
  return found && (resources?.includes(found.name) ?? true) ? found : undefined
}

/**
 * Reads the arguments of the call. Properties of the action are a claim about it, and count as
 * others do.
 */
function argsOf(
  { args }: CallContext,
  { action }: Question,
  pep: PepSettings,
): CallContext['args'] {
  return args ?? (pep.properties ? action.properties : undefined)
}

/** A proof for another place would be no proof of this call. */
function checkUrl({ shown }: CallContext, { identifier }: Resource): void {
  if (!shown || shown.url === '') return
  const rest = shown.url.startsWith(identifier) ? shown.url.slice(identifier.length) : undefined
  if (rest === undefined || !/^(?:$|[/?])/.test(rest))
    throw malformedRequest('`context.url` is not below the identifier of the resource')
}

/**
 * Lists candidates of a search: people and agents of a task, or resources and actions that the
 * enforcement point may ask about.
 */
async function candidates(
  { decisions }: AuthzenPorts,
  given: { sought: SearchedPart; question: Question; pep: PepSettings; catalog: CatalogView },
): Promise<Candidates> {
  const { catalog, pep, question, sought } = given
  if (sought === 'action') {
    const resource = resourceOf(question.resource, pep, catalog)
    return sorted(resource ? catalog.actionsOf(resource.name).map(actionNameOf) : [])
  }
  if (sought === 'resource') {
    const action = catalog.actions.get(question.action.name)
    const found = action && resourceOf({ ...question.resource, id: action.resource }, pep, catalog)
    return sorted(found ? [found.name] : [])
  }
  const { task } = readCallContext(question.context)
  const held = task === undefined ? undefined : await decisions.facts.task(task)
  const is = SUBJECTS.get(question.subject.type)
  if (!held || is === undefined) return sorted([])
  const { agentId, sponsored } = held.task
  const at = resourceOf(question.resource, pep, catalog)
  const person = is === 'agent' || sponsored ? [] : [tokenSubject(decisions, held, at)]
  return sorted(is === 'person' ? person : [...person, agentId])
}

function actionNameOf({ name }: Action): string {
  return name
}

function sorted(names: readonly string[]): Candidates {
  const all = names.toSorted((a, b) => (a < b ? -1 : 1))
  return (after) => (after === undefined ? all : all.filter((name) => name > after))
}

function denied(reason: string, detail: string, enough?: string): Decision {
  return { permitted: false, reason, detail, enough }
}

const NO_TASK = denied(
  'evaluation.no_task',
  'the evaluation names no task',
  'the id of the task in `context.task`, with token and proof of the call where they are at hand',
)
const WRONG_SUBJECT = denied(
  'evaluation.wrong_subject',
  'subjects of calls are persons and agents',
  'a subject of the type `user`, `agent` or `identity`',
)
const UNKNOWN_RESOURCE = denied('resource.unknown', 'there is no such resource to ask about')
const UNKNOWN_ACTION = denied('action.unknown', 'the resource has no such action')
