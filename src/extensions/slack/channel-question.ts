import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import { answeringOf, shownDigest } from '../../approvals/approvals/index.ts'
import type { CallParts } from '../../calls/calls/index.ts'
import { countedRisk, readDisplay } from '../../catalog/catalog/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import type { ChannelQuestion } from '../../identity/notifications/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { durationInWords, utcMinute } from '../../platform/lib/duration.ts'
import { TRUST } from '../../platform/lib/terminal/words.ts'
import { hasLookalikes } from '../../platform/lib/text/lookalikes.ts'
import {
  type CallRow,
  callRows,
  isUninspectable,
  needsPage,
} from '../../tasks/approval-desk/index.ts'
import { findDecision } from '../../tasks/decision-log/index.ts'
import { unusualIn } from '../../tasks/risk/index.ts'
import { findTask } from '../../tasks/tasks/index.ts'

/** Facts, and characters of all of them, that a person takes in without a page. */
const MAX_FACTS = 20
const MAX_CHARACTERS = 2_000

/** Question about the call of a request, for a message to a person; `undefined`: it has to be answered on its page. */
export async function channelQuestion(
  parts: CallParts,
  requestId: string,
  personId: string,
): Promise<ChannelQuestion | undefined> {
  const { clock, storage } = parts
  const request = await findRequest(parts, requestId)
  const person = await findPerson(storage.read, personId)
  if (!request || !person || !(await isPlain(parts, request))) return undefined
  const { answerer } = await answeringOf(storage.read, { request, person, now: clock.now() })
  // A stand-in reads on the page for whom they answer.
  if (answerer.standsInFor) return undefined
  const facts = await questionFacts(parts, request)
  if (!facts || facts.length > MAX_FACTS) return undefined
  const values = [request.text, ...facts.flatMap(({ name, value }) => [name, value])]
  const size = values.reduce((sum, { length }) => sum + length, 0)
  if (size > MAX_CHARACTERS || values.some(hasLookalikes)) return undefined
  return {
    ...{ callHash: request.callHash, shown: shownDigest(request), facts },
    ...{
      sentence: request.text,
      title: `Call of ${request.risk} risk: waits for approval`,
    },
  }
}

/**
 * Tells whether a request may be answered without its page: one call of low or medium risk, then and now, one person's word for it,
 * and nothing to be proved (`needsPage`). INVARIANT, second look: read again when it is answered.
 */
async function isPlain(parts: CallParts, request: AccessRequest): Promise<boolean> {
  const { approvers, quorum } = request.ask
  const action = (await parts.catalog.current()).actions.get(request.action)
  if (!action || action.quarantined || needsPage(request)) return false
  const risk = countedRisk(action)
  const needsLook = Object.values(action.displays ?? {}).some((stated) =>
    ['link', 'person'].includes(readDisplay(stated)?.kind ?? ''),
  )
  return (
    (risk === 'low' || risk === 'medium') &&
    approvers.length === 1 &&
    quorum <= 1 &&
    !needsLook &&
    request.editedFrom === undefined &&
    !isUninspectable(request.call)
  )
}

/** All that the page says, in its order; `undefined`: something of it is gone, or is no fact of one line. */
async function questionFacts(
  { catalog, storage: { read } }: CallParts,
  request: AccessRequest,
): Promise<ChannelQuestion['facts'] | undefined> {
  const agent = await findAgent(read, request.agentId)
  const task = await findTask(read, request.taskId)
  const owner = agent && (await findPerson(read, agent.ownerId))
  const person = await findPerson(read, request.personId)
  const resource = (await catalog.current()).resources.get(request.resource)
  const { chain } = JSON.parse(request.call) as { chain: string[] } // as: written by `frozenText`
  if (!agent || !owner || !task || !person || !resource) return undefined
  if (chain.length > 1 || task.actors.length > 0) return undefined
  const decision = await findDecision(read, request.decisionId)
  const { sizeRatio, unusual } = unusualIn(decision?.explanation.risk)
  const { prompts, lifetimeSeconds } = request.ask
  const why = prompts.length > 0 ? prompts : ['a policy asks for a person’s approval']
  return [
    { name: 'Agent', value: `${agent.name}, ${TRUST[agent.trust]}, owned by ${owner.name}` },
    { name: request.sponsored ? 'Sponsored by' : 'On behalf of', value: person.name },
    { name: 'Purpose, as the agent says', value: task.purpose },
    { name: 'At', value: resource.title },
    ...callRows(request.call).map(factOf),
    ...why.map((value) => ({ name: 'Why you are asked', value })),
    ...unusual.map((value) => ({ name: 'Unusual', value })),
    ...(sizeRatio === undefined
      ? []
      : [{ name: 'Size', value: `${sizeRatio} times what is usual in 30 days` }]),
    {
      name: 'Approve once',
      value: `lets exactly this call through, for ${durationInWords(lifetimeSeconds * 1000)}`,
    },
    { name: 'Answer by', value: `${utcMinute(request.expiresAt)}. No answer means no.` },
  ]
}

function factOf({ name, place, value }: CallRow): ChannelQuestion['facts'][number] {
  const where = place === 'query' || place === 'header' ? ` (${place})` : ''
  return { name: `${name}${where}`, value: 'text' in value ? value.text : value.json }
}
