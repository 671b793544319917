import { asCalls, type Detail, detailInWords, parseAuthority } from '@remit/engine'
import { type Agent, findAgent } from '../../../identity/agents/index.ts'
import type { ChangeSummary, MeantChange } from '../../../identity/sessions/index.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { reachOfAgent } from '../../reach/index.ts'
import { openTasksFact } from '../meaning/open-tasks.ts'
import { changedLines } from '../meaning/reach-lines.ts'
import { said } from '../meaning/words.ts'
import { withOwnNames } from '../own-names.ts'
import type { ApiParts } from '../parts.ts'
import { requireAgent } from './shown-agent.ts'

const TRUST = ['quarantined', 'external', 'partner', 'internal'] as const

/** A new agent, or other limits of one: what it may ever be given, as it was and as it would be. */
export async function meaningOfAgent(
  parts: Pick<ApiParts, 'agents' | 'decisions'>,
  { body: asked, params }: OperationInput,
): Promise<ChangeSummary> {
  const body = await withOwnNames(parts, asked)
  const name = said(params.name ?? body.name)
  const known = await findAgent(parts.agents.storage.read, name)
  const trust = typeof body.trust === 'number' ? body.trust : (known?.trust ?? 0)
  const ceiling = body.ceiling === undefined ? (known?.ceiling ?? []) : detailsOf(body.ceiling)
  const mayDelegate =
    body.may_delegate === undefined
      ? (known?.mayDelegate ?? null)
      : body.may_delegate && detailsOf(body.may_delegate)
  const after = { ...(known ?? NEW_AGENT), id: name, trust, ceiling, mayDelegate } as Agent // with all that policies look at
  const reach = await reachOfAgent(parts.decisions, known, after)
  const widens = known ? `Change the limits of the agent ${name}` : `Register the agent ${name}`
  return {
    sentence: `${widens}: trust ${trustInWords(trust, known?.trust)}, ${ceilingInWords(ceiling, known?.ceiling)}`,
    facts: [
      [
        'Trust',
        known ? `${trustWord(known.trust)} before, ${trustWord(trust)} then` : trustWord(trust),
      ],
      ...(typeof body.idle_minutes === 'number'
        ? [['Tasks of its clients without a key end', idleInWords(body.idle_minutes)] as const]
        : []),
      ...(body.description ? [['Description', said(body.description)] as const] : []),
    ],
    changes: [
      ...changesOf('may be given', known?.ceiling ?? [], ceiling),
      ...changesOf('may hand on', known?.mayDelegate ?? [], mayDelegate ?? []),
    ],
    against: known ? 'What it may ever be given, against now' : 'What it may ever be given',
    consequences: reach
      ? changedLines(reach)
      : ['As policies are now, it could do no more and no less than before'],
  }
}

export async function meaningOfResumedAgent(
  parts: Pick<ApiParts, 'agents' | 'decisions'>,
  { params }: OperationInput,
): Promise<ChangeSummary> {
  const agentId = said(params.name)
  await requireAgent(parts, agentId)
  return {
    sentence: `Let the suspended agent ${agentId} work again`,
    facts: await openTasksFact(parts, { agentId }),
  }
}

/** Facts that policies could look at, of an agent that is not there yet. */
const NEW_AGENT = { ownerId: '', status: 'active', name: '', issuer: null, vendor: null }

function detailsOf(given: unknown): readonly Detail[] {
  const parsed = parseAuthority(given)
  return parsed.ok ? [...parsed.calls, ...(parsed.delegates ?? [])] : []
}

function changesOf(
  how: string,
  before: readonly Detail[],
  after: readonly Detail[],
): readonly MeantChange[] {
  const lines = (details: readonly Detail[]) =>
    new Map(
      asCalls(details).flatMap(({ actions, bounds, locations }) =>
        actions.map((action) => {
          const words = `${detailInWords({ actions: [action], bounds })} at ${locations.join(', ')}`
          return [canonicalJson([action, [...bounds], [...locations]]), words] as const
        }),
      ),
    )
  const [was, is] = [lines(before), lines(after)]
  const only = (some: typeof was, other: typeof was, sign: '+' | '-') =>
    [...some]
      .filter(([key]) => !other.has(key))
      .map(([, words]) => ({ sign, what: `${how}: ${words}`, notes: [], lines: [] }))
  return [...only(is, was, '+'), ...only(was, is, '-')]
}

function idleInWords(minutes: number): string {
  return minutes === 0 ? 'at their deadline, used or not' : `after ${minutes} minutes without use`
}

function trustWord(level: number): string {
  return `${level} (${TRUST[level] ?? 'unknown'})`
}

function trustInWords(trust: number, before: number | undefined): string {
  if (before === undefined || before === trust) return trustWord(trust)
  return `from ${trustWord(before)} to ${trustWord(trust)}`
}

function ceilingInWords(after: readonly Detail[], before: readonly Detail[] | undefined): string {
  const count = (details: readonly Detail[]) =>
    new Set(details.flatMap(({ actions }) => actions)).size
  const now = `${count(after)} action${count(after) === 1 ? '' : 's'} at most`
  return before === undefined ? now : `${now} (${count(before)} before)`
}
