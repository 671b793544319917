import type { CallFacts, KindOf, RecordShape } from '@remit/engine'
import type { CallParts } from '../../../calls/calls/index.ts'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import { agentEntities } from '../../../console/reach/index.ts'
import { type Agent, findAgent } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { invalidPolicies, parseInWorker } from '../../../policy/cedar/index.ts'
import {
  Declarations,
  EverSet,
  loadWithWorker,
  schemaInSteps,
  validateInWorker,
} from '../../../policy/policy/index.ts'
import { decideAgain } from '../../../tasks/decision-log/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import type { DecisionSelection } from '../replay/recorded-pages.ts'
import { conditionOf } from './conditions.ts'
import { limitsOf, type SuggestedLimit } from './limits-of.ts'
import { type NarrowedText, narrowText, type UsedRule } from './narrow-text.ts'
import { eachPermitted, type SuggestionReport, type SuggestionSubject } from './suggest.ts'
import { MIN_CALLS } from './suggest-details.ts'
import { CallUsage, type UsedAction } from './used.ts'

export interface SuggestedRule {
  readonly action: string
  readonly resource: string
  readonly calls: number
  /** True for too few calls to say what its arguments are like: none is limited. */
  readonly few: boolean
  readonly limits: readonly SuggestedLimit[]
}

export interface SuggestedPolicy
  extends NarrowedText,
    Pick<SuggestionReport, 'calls' | 'withoutInputs' | 'cut'> {
  readonly agent: string
  /** Version that it is made from. */
  readonly version: number
  readonly before: string
  readonly actions: readonly SuggestedRule[]
  /** Calls, of those that the suggestion was made from, that it would not permit. */
  readonly newlyDenied: number
  /** Calls that the policies in force would not permit any more: nothing can be said of them. */
  readonly overtaken: number
  /**
   * Actions of the agent's ceiling that other rules, which are not for this agent alone, could
   * still permit it, each with those rules.
   */
  readonly beyond: readonly { readonly action: string; readonly rules: readonly string[] }[]
}

type Parts = Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>

/**
 * Policies in which the rules for one agent alone permit no more than what it did: in a time, or in one task. Calls count in whose chain the
 * agent is, not only those that it makes, because its rules are asked about all of them. Decided again over the same calls.
 * @throws Problem `agent.unknown`, `task.unknown`, `policy.invalid`
 */
export async function suggestPolicy(
  parts: Parts,
  whose: SuggestionSubject,
  time: Pick<DecisionSelection, 'since' | 'until'>,
): Promise<SuggestedPolicy> {
  const agent = await agentOf(parts, whose)
  const catalog = await parts.catalog.current()
  const schema = await schemaInSteps(catalog.actions.values())
  const current = await parts.policies.active()
  const before = current.version === 0 ? '' : (await parts.policies.version(current.version)).text
  const which = { ...time, ...('task' in whose ? { taskId: whose.task } : {}) }
  const concerns = ({ agents }: CallFacts) => agents.some(({ uid }) => uid.id === agent.id)

  const used = new CallUsage(catalog.kindOf)
  let calls = 0
  const seen = await eachPermitted(parts, which, (call, { facts }) => {
    if (!concerns(facts)) return
    calls++
    used.add(call)
  })
  const actions = rulesOf(used.actions(), catalog)
  const narrow = narrowText(before, schema, {
    agent: agent.id,
    used: usedRules(actions, new Declarations(schema)),
  })
  const draft = await checked(narrow.text, schema)
  const told = { newlyDenied: 0, overtaken: 0 }
  await eachPermitted(parts, which, (_, { facts, row }) => {
    if (!concerns(facts)) return
    if (decideAgain(facts, row, current).outcome !== 'permit') told.overtaken++
    else if (decideAgain(facts, row, draft).outcome !== 'permit') told.newlyDenied++
  })
  const beyond = await beyondOf(parts, { agent, catalog, narrow, schema })
  return {
    ...narrow,
    ...seen,
    calls,
    ...told,
    agent: agent.id,
    version: current.version,
    before,
    actions,
    beyond,
  }
}

async function agentOf({ storage }: Parts, whose: SuggestionSubject): Promise<Agent> {
  const task = 'task' in whose ? await findTask(storage.read, whose.task) : undefined
  if ('task' in whose && !task)
    throw new Problem('task.unknown', `there is no task \`${whose.task}\``)
  const id = 'agent' in whose ? whose.agent : (task?.agentId ?? '')
  const agent = await findAgent(storage.read, id)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${id}\``)
  return agent
}

function rulesOf(used: readonly UsedAction[], catalog: CatalogView): readonly SuggestedRule[] {
  const kindOf: KindOf = catalog.kindOf
  return used.flatMap((each) => {
    const resource = catalog.byIdentifier.get(each.location)
    if (!resource || !catalog.actions.has(each.action)) return []
    return {
      action: each.action,
      resource: resource.name,
      calls: each.calls,
      few: each.calls < MIN_CALLS,
      limits: limitsOf(each, kindOf),
    }
  })
}

function usedRules(actions: readonly SuggestedRule[], declared: Declarations): readonly UsedRule[] {
  return actions.map(({ action, limits, resource }) => ({
    action,
    resource,
    conditions: limits.flatMap(
      (limit) => conditionOf(declaredArguments(declared, action), seenLimit(limit)) ?? [],
    ),
  }))
}

export function seenLimit({ op, path, values }: SuggestedLimit): Parameters<typeof conditionOf>[1] {
  const names = path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return op === 'in' ? { path: names, op, values } : { path: names, op, value: values[0] ?? '' }
}

export function declaredArguments(declared: Declarations, action: string): RecordShape {
  const shape = declared.request(action).context.fields.get('args')?.shape
  return shape?.kind === 'record' ? shape : { kind: 'record', fields: new Map() }
}

/** INVARIANT: a suggestion could be published. */
export async function checked(text: string, schema: string) {
  const { mistakes } = await validateInWorker({ text, schema })
  if (mistakes.length > 0) throw invalidPolicies(mistakes)
  return loadWithWorker({ version: 0, text, schema }, 'compiled')
}

async function beyondOf(
  parts: Parts,
  given: {
    readonly agent: Agent
    readonly catalog: CatalogView
    readonly narrow: NarrowedText
    readonly schema: string
  },
): Promise<SuggestedPolicy['beyond']> {
  const { agent, catalog, narrow, schema } = given
  const ever = new EverSet(narrow.text, await parseInWorker(narrow.text), schema)
  const own = new Set(narrow.made)
  const found: SuggestedPolicy['beyond'][number][] = []
  for (const detail of agent.ceiling) {
    for (const name of detail.actions) {
      const resource = catalog.resources.get(catalog.actions.get(name)?.resource ?? '')
      if (!resource || found.some(({ action }) => action === name)) continue
      const around = await agentEntities(parts, agent, resource.name)
      const said =
        around[0] && ever.ask(around[0], { action: name, resource: resource.name }, around)
      const rules = said?.possible ? said.permits.map(({ id }) => id) : []
      const others = rules.filter((id) => !own.has(id))
      if (others.length > 0) found.push({ action: name, rules: others })
    }
  }
  return found
}
