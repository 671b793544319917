import type { EntityRef } from '../policy.ts'
import { CompiledPolicies } from './compiled-policies.ts'
import { Expressions } from './expression.ts'
import { CompileError, EvaluationFailure } from './failure.ts'
import { type CedarPolicySetJson, hasExactly, isArray, isObject, type PolicyJson } from './json.ts'
import { every } from './logic.ts'
import { negation } from './operators.ts'
import { type CompiledPolicy, PolicyIndex } from './policy-index.ts'
import { asTest, type Run, type Test } from './run.ts'
import { Scopes, type Slots } from './scope.ts'
import { keyOf, type RecordValue } from './value.ts'
import { entityFromJson } from './value-json.ts'

/** More are refused. */
export const MAX_POLICIES = 100_000

/**
 * Compiles a set of policies, templates and links.
 * @throws CompileError for what is not known here, for the first policy that has it
 */
export function compilePolicies(set: CedarPolicySetJson): CompiledPolicies {
  const compiler = new PolicyCompiler()
  for (const [id, policy] of Object.entries(set.staticPolicies)) compiler.add(id, policy)
  for (const [id, template] of Object.entries(set.templates ?? {}))
    compiler.addTemplate(id, template)
  for (const { newId, templateId, values } of set.templateLinks ?? []) {
    compiler.link(templateId, newId, values)
  }
  return compiler.finish()
}

const NO_SLOTS: Slots = new Map()
const SLOTS = ['?principal', '?resource'] as const

interface Template {
  readonly json: PolicyJson
  readonly slots: readonly string[]
}

/** Compiles policies one by one: so a large set can be compiled in pieces. */
export class PolicyCompiler {
  readonly #ids = new Set<string>()
  readonly #templates = new Map<string, Template>()
  #index = new PolicyIndex()

  /** @throws CompileError */
  add(id: string, policy: PolicyJson): void {
    this.#name(id)
    this.#index.add(compilePolicy(id, policy, NO_SLOTS, this.#index.size))
  }

  /** @throws CompileError, also for what no link uses */
  addTemplate(id: string, template: PolicyJson): void {
    this.#name(id)
    const slots = SLOTS.filter((slot) => slotOf(template, slot))
    compilePolicy(id, template, new Map(slots.map((slot) => [slot, NOBODY])), 0)
    this.#templates.set(id, { json: template, slots })
  }

  /** @throws CompileError */
  link(templateId: string, newId: string, values: Readonly<Record<string, unknown>>): void {
    this.#name(newId)
    const template = this.#templates.get(templateId)
    if (!template) throw new CompileError(newId, '', `there is no template \`${templateId}\``)
    const { json, slots } = template
    if (!isObject(values) || !hasExactly(values, ...slots))
      throw new CompileError(newId, '', `needs values for ${slots.join(' and ') || 'nothing'}`)
    const given = slots.map((slot) => [slot, entity(newId, slot, values[slot])] as const)
    this.#index.add(compilePolicy(newId, json, new Map(given), this.#index.size))
  }

  /**
   * Returns the policies that were added so far. Those added later are not in it, but the beginning
   * of another set.
   */
  finish(): CompiledPolicies {
    const finished = new CompiledPolicies(this.#index)
    this.#index = new PolicyIndex()
    return finished
  }

  #name(id: string): void {
    if (this.#ids.has(id)) throw new CompileError(id, '', 'the id is that of another one, too')
    if (this.#ids.size >= MAX_POLICIES)
      throw new CompileError(id, '', `more than ${MAX_POLICIES} policies`)
    this.#ids.add(id)
  }
}

const NOBODY: EntityRef = { type: 'Nobody', id: '' }

/** A slot stands in the scope of its own name, or in no place. */
function slotOf(template: PolicyJson, slot: (typeof SLOTS)[number]): boolean {
  const scope: unknown = slot === '?principal' ? template.principal : template.resource
  if (!isObject(scope)) return false
  return scope.slot === slot || (isObject(scope.in) && scope.in.slot === slot)
}

function entity(policy: string, slot: string, json: unknown): EntityRef {
  try {
    return entityFromJson(json)
  } catch (error) {
    throw new CompileError(policy, slot, error instanceof Error ? error.message : String(error))
  }
}

const MEMBERS = new Set(['effect', 'principal', 'action', 'resource', 'conditions', 'annotations'])

function compilePolicy(
  id: string,
  policy: PolicyJson,
  slots: Slots,
  position: number,
): CompiledPolicy {
  if (!isObject(policy)) throw new CompileError(id, '', 'not a policy')
  const unknown = Object.keys(policy).find((name) => !MEMBERS.has(name))
  if (unknown !== undefined) throw new CompileError(id, `/${unknown}`, 'a member that is not known')
  const { action, effect, principal, resource } = policy
  if (effect !== 'permit' && effect !== 'forbid')
    throw new CompileError(id, '/effect', 'neither permit nor forbid')
  const scopes = new Scopes(id, slots)
  const about = {
    principal: scopes.constraint(principal, '/principal'),
    action: scopes.action(action, '/action'),
    resource: scopes.constraint(resource, '/resource'),
  }
  return { id, effect, ...about, guard: guardOf(about), holds: conditionsOf(id, policy), position }
}

/** Makes the guard that the index leaves open: of `is T in E`, it looks at `in E`. */
function guardOf({ principal, resource }: Pick<CompiledPolicy, 'principal' | 'resource'>) {
  const person = principal.op === 'within' ? principal.type : undefined
  const thing = resource.op === 'within' ? resource.type : undefined
  if (person === undefined && thing === undefined) return undefined
  const holds: Test = (run) =>
    (person === undefined || run.principal.type === person) &&
    (thing === undefined || run.resource.type === thing)
  return holds
}

function conditionsOf(id: string, { conditions }: PolicyJson): Test | undefined {
  if (!isArray(conditions)) throw new CompileError(id, '/conditions', 'not a list')
  if (conditions.length === 0) return undefined
  const expressions = new Expressions(id)
  const parts = conditions.map((clause, i) => {
    const path = `/conditions/${i}`
    if (!isObject(clause) || !hasExactly(clause, 'kind', 'body'))
      throw new CompileError(id, path, 'needs kind and body')
    const part = expressions.compile(clause.body, `${path}/body`)
    if (clause.kind === 'when') return part
    if (clause.kind === 'unless') return negation(part)
    throw new CompileError(id, path, 'neither when nor unless')
  })
  return asTest(every(parts))
}

/**
 * Compiles an expression that looks at nothing but the context. Answers a text that is the same for two contexts only where its
 * value is, or where it fails for both.
 * @throws CompileError
 */
export function contextTerm(policy: string, expression: unknown): (context: RecordValue) => string {
  const { run } = new Expressions(policy).compile(expression, '')
  return (context) => {
    try {
      return keyOf(run({ context } as Run)) // as: it looks at nothing else
    } catch (error) {
      if (error instanceof EvaluationFailure) return 'fails'
      throw error
    }
  }
}
