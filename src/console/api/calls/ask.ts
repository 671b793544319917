import { STEP_UP } from '@remit/engine'
import { type Static, Type } from 'typebox'
import type { Verdict } from '../../../calls/calls/index.ts'
import {
  decideDirect,
  directResource,
  type RefusalAnswer,
  taskFacts,
} from '../../../calls/direct-calls/index.ts'
import type { MachineClient } from '../../../identity/machine-clients/index.ts'
import { argumentTexts } from '../../../identity/tokens/index.ts'
import { onProblem } from '../../../platform/lib/problem.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import type { ApiParts } from '../parts.ts'
import { type AskedCall, checkAsked, readAskedCall, refusedSender } from './asked-call.ts'
import { AnswerPart } from './report-outcome.ts'

/**
 * Time after asking in which an API may begin with a call. A call that is revoked meanwhile ends no later
 * than at a replica that is cut off (contract 8).
 */
const VALID_FOR_MS = 5_000

const Text = Type.String()
const Person = Type.Object({
  id: Text,
  issuer: Type.Optional(Text),
  subject: Type.Optional(
    Type.String({
      description: 'at their identity provider; not where people have a name for this API alone',
    }),
  ),
})
const Permit = Type.Object({
  decision: Type.Literal(true),
  decision_id: Text,
  valid_for_ms: Type.Integer({
    description: 'the call may begin until so long after it was asked about, not later',
  }),
  action: Text,
  person: Type.Union([Person, Type.Null()], { description: 'null when no person is present' }),
  agent: Text,
  chain: Type.Array(Text, { description: 'this agent, then those behind it' }),
  actors: Type.Optional(
    Type.Array(Type.Object({ iss: Text, sub: Text, sub_profile: Type.Optional(Text) }), {
      description:
        'who acted elsewhere before all of them, the latest first; information, and never one of the chain',
    }),
  ),
  task: Type.Object({ id: Text, purpose: Text, parent: Type.Optional(Text) }),
  arguments: Type.Record(Text, Type.Unknown(), {
    description: 'as the catalog types them; numbers and dates are the text that came',
  }),
  obligations: Type.Array(
    Type.Object({ id: Text, type: Text, properties: Type.Record(Text, Text) }),
    { description: 'what the API has to do along with it: all of it, or not run the call' },
  ),
  settles: Type.Array(AnswerPart, {
    description:
      'what of its answer says how much the call takes of limits: to be reported with its outcome. Of what is not, the amount that was reserved stays taken',
  }),
  facts: Type.Optional(
    Type.Record(Text, Type.Unknown(), {
      description:
        'what further calls of the task are decided by in the API’s own process; absent where they have to be asked about',
    }),
  ),
})
const Refused = Type.Object({
  decision: Type.Literal(false),
  status: Type.Integer(),
  headers: Type.Record(Text, Text),
  problem: Type.Record(Text, Type.Unknown(), { description: 'RFC 9457: what the API answers' }),
})
export const CallAnswer = Type.Union([Permit, Refused])

/**
 * Answers whether an API may run a call that reached it: decided exactly as the gateway decides. A
 * permit is recorded before it is answered, and its outcome is to be reported.
 * @throws Problem for a fault of the API itself
 */
export async function askAboutCall(
  parts: Pick<ApiParts, 'bundles' | 'decisions'>,
  enforcer: MachineClient<'enforcer'>,
  asked: AskedCall,
): Promise<Static<typeof CallAnswer>> {
  const resource = await directResource(parts.decisions, enforcer.settings.resource)
  checkAsked(asked, resource)
  const call = await readAskedCall(parts, resource, asked).catch(
    onProblem(async (problem) => {
      const told = { status: problem.status, headers: {}, problem }
      // INVARIANT: paths, names and types of operations are told only to a caller whose credential holds.
      const unread = problem.code.startsWith('request.')
      return refusalShape(
        (unread ? undefined : await refusedSender(parts, resource, asked)) ?? told,
      )
    }),
  )
  if ('decision' in call) return call
  const { in_process: follows } = asked
  // INVARIANT: facts are read after everything that the API has heard of: no older state of it can come back.
  const caughtUp = follows && (await parts.decisions.live.catchUp(follows.through))
  const verdict = await decideDirect(parts.decisions, call)
  if ('problem' in verdict) return refusalShape(verdict)
  const permit = permitted(call, verdict)
  if (!follows || !caughtUp) return permit
  const about = { client: enforcer.id, session: follows.session, call, verdict }
  // The permit stands whether there are facts for later ones or not.
  const facts = await taskFacts(parts.decisions, parts.bundles, about).catch(() => undefined)
  return facts ? { ...permit, facts: { ...facts } } : permit
}

function permitted(call: Call, verdict: Verdict<'permit'>) {
  const { agent, chain, decisionId, task } = verdict
  const { parties } = verdict.transactionClaims
  const { actors = [] } = parties
  return {
    decision: true as const,
    decision_id: decisionId,
    valid_for_ms: VALID_FOR_MS,
    action: call.action.name,
    person: parties.person ? { id: parties.person.id, ...parties.person.known } : null,
    agent,
    chain: [...chain],
    ...(actors.length === 0 ? {} : { actors: actors.map((actor) => ({ ...actor })) }),
    task,
    arguments: { ...argumentTexts(call.arguments) },
    // The others were done here.
    obligations: verdict.obligations
      .filter(({ type }) => asksTheApi(type))
      .map(({ id, properties, type }) => ({ id, type, properties: { ...properties } })),
    settles: verdict.settles.map(({ kind, path }) => ({ limit: kind, path })),
  }
}

function asksTheApi(type: string): boolean {
  return type !== 'notify' && type !== STEP_UP
}

function refusalShape({ headers, problem, status }: RefusalAnswer) {
  return { decision: false as const, status, headers: { ...headers }, problem: problem.toJSON() }
}
