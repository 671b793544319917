import {
  BadLink,
  isLink,
  isTemplate,
  type PolicyPiece,
  policyToJson,
  splitPolicies,
  Templates,
} from '../../../policy/cedar/index.ts'
import { actionSchemas, entitiesOf, type Scope } from '../../../policy/policy/index.ts'
import { cedarString } from './conditions.ts'

/** Action that was used, and the conditions that its rule is to have. */
export interface UsedRule {
  readonly action: string
  /** Catalog name. */
  readonly resource: string
  /** Conditions in Cedar; all of them have to hold. */
  readonly conditions: readonly string[]
}

export interface NarrowedText {
  readonly text: string
  /** Ids of the rules that were for this agent alone and became narrower, or fell away. */
  readonly narrowed: readonly string[]
  readonly removed: readonly string[]
  /** Ids of what became of the former. */
  readonly made: readonly string[]
  /** Ids of those that stay as they are, though they are for this agent alone. */
  readonly linked: readonly string[]
}

/**
 * Every permit that is for one agent alone (`principal == Agent::"…"`), cut down to its actual use. Its annotations and its conditions stay.
 * INVARIANT: nothing is permitted that was not permitted before: a rule gets a smaller scope and more conditions, and none is new.
 */
export function narrowText(
  text: string,
  schema: string,
  given: { readonly agent: string; readonly used: readonly UsedRule[] },
): NarrowedText {
  const pieces = splitPolicies(text)
  const work = new PolicyNarrower(pieces, schema, given)
  let left = ''
  let end = 0
  for (const piece of pieces) {
    const instead = work.instead(piece)
    if (instead === undefined) continue
    left += text.slice(end, piece.start) + instead
    end = piece.start + piece.text.length
  }
  return { text: left + text.slice(end), ...work.told }
}

interface ScopedPolicy extends Scope {
  readonly effect: 'permit' | 'forbid'
  readonly annotations?: { readonly id?: string | null }
}

class PolicyNarrower {
  readonly told: Record<'narrowed' | 'removed' | 'made' | 'linked', string[]> = {
    narrowed: [],
    removed: [],
    made: [],
    linked: [],
  }
  readonly #templates: Templates
  readonly #groups: ReturnType<typeof actionSchemas>
  readonly #agent: string
  readonly #used: readonly UsedRule[]
  readonly #ids: Set<string>

  constructor(
    pieces: readonly PolicyPiece[],
    schema: string,
    { agent, used }: { readonly agent: string; readonly used: readonly UsedRule[] },
  ) {
    this.#templates = new Templates(pieces)
    this.#groups = actionSchemas(schema)
    this.#agent = agent
    this.#used = used
    const written = pieces.flatMap(({ text }) => Array.from(text.matchAll(ID), ([, id = '']) => id))
    this.#ids = new Set(written)
  }

  /** Writes the text that replaces a rule; `undefined`: the rule stays. */
  instead({ text }: PolicyPiece): string | undefined {
    if (isTemplate(text)) return undefined
    const rule = this.#read(text)
    if (rule?.effect !== 'permit' || !this.#isAlone(rule)) return undefined
    const id = rule.annotations?.id ?? ''
    if (isLink(text)) {
      this.told.linked.push(id)
      return undefined
    }
    const covered = this.#used.filter((used) => this.#covers(rule, used))
    if (covered.length === 0) {
      this.told.removed.push(id)
      return ''
    }
    this.told.narrowed.push(id)
    const alike = [...Map.groupBy(covered, alikeKey).values()]
    const ids = alike.map((same, i) => (i === 0 ? id : this.#newId(id, same)))
    this.told.made.push(...ids)
    return alike
      .map((same, i) => narrowed(text, same, { agent: this.#agent, id: ids[i] ?? id }))
      .join('\n\n')
  }

  #read(text: string): ScopedPolicy | undefined {
    if (!isLink(text)) {
      const parsed = policyToJson(text)
      return parsed.type === 'success' ? (parsed.json as ScopedPolicy) : undefined // as: Cedar's form
    }
    try {
      return this.#templates.linked(text).json as ScopedPolicy // as: made of Cedar's form
    } catch (error) {
      if (error instanceof BadLink) return undefined
      throw error
    }
  }

  #isAlone({ principal }: ScopedPolicy): boolean {
    return (
      principal.op === '==' &&
      principal.entity.type === 'Agent' &&
      principal.entity.id === this.#agent
    )
  }

  #covers({ action, resource }: ScopedPolicy, used: UsedRule): boolean {
    const names = new Set([used.action, ...(this.#groups.get(used.action)?.groups ?? [])])
    if (action.op !== 'All' && !entitiesOf(action).some(({ id }) => names.has(id))) return false
    if (resource.op === '==' || resource.op === 'in') return resource.entity.id === used.resource
    return true
  }

  #newId(id: string, [first]: readonly UsedRule[]): string {
    const name = `${id}-${first?.action.slice(first.action.indexOf('.') + 1)}`.slice(0, 60)
    for (let i = 1; ; i++) {
      const made = i === 1 ? name : `${name}-${i}`
      if (this.#ids.has(made)) continue
      this.#ids.add(made)
      return made
    }
  }
}

function alikeKey({ conditions, resource }: UsedRule): string {
  return JSON.stringify([resource, conditions])
}

const ID = /@\s*id\s*\(\s*"([^"\\]*)"\s*\)/g
/** A string, a comment, a bracket, or the word that ends the annotations. */
const HEAD = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|[()]|\bpermit\b/gs

/** Writes the rule with a smaller head, and with the further conditions. */
function narrowed(
  rule: string,
  same: readonly UsedRule[],
  { agent, id }: { readonly agent: string; readonly id: string },
): string {
  const [from, to] = headOf(rule)
  const [first] = same
  const names = same.map(({ action }) => `Action::${cedarString(action)}`)
  const action = names.length === 1 ? `action == ${names[0]}` : `action in [${names.join(', ')}]`
  const resource = `resource == Resource::${cedarString(first?.resource ?? '')}`
  const before = rule.slice(0, from).replace(ID, `@id(${cedarString(id)})`)
  const rest = rule.slice(to).replace(/;\s*$/, '').trimEnd()
  const more = first?.conditions ?? []
  const added = more.length === 0 ? '' : `\nwhen { ${more.join(' && ')} }`
  const whole = `${before}permit (principal == Agent::${cedarString(agent)}, ${action}, ${resource})${rest}${added}`
  return /\/\/[^\n]*$/.test(whole) ? `${whole}\n;` : `${whole};`
}

/** Finds the head of a rule: from `permit` to behind the bracket that closes its scope. */
function headOf(rule: string): readonly [from: number, to: number] {
  let from = -1
  let depth = 0
  for (const { 0: token, index } of rule.matchAll(HEAD)) {
    if (from < 0 && depth === 0 && token === 'permit') from = index
    else if (token === '(') depth++
    else if (token === ')' && --depth === 0 && from >= 0) return [from, index + 1]
  }
  return [0, 0]
}
