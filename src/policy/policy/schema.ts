import { type ArgumentType, type ArgumentField as Field, isOptional, RISKS } from '@remit/engine'
import { ACTION_GROUPS, type Action, givenNames, groupsOf } from '../../catalog/catalog/index.ts'
import { mapInSteps } from '../../platform/lib/in-steps.ts'
import { limitLines } from './impossible/limits.ts'
import { ISSUE, ISSUE_ACTIONS } from './issuance/actions.ts'
import { PERSON_ATTRIBUTE_LINES } from './person-attributes.ts'

/**
 * The Cedar schema that policies are written against, generated from the catalog (contract 3).
 *
 * - Attributes of a person are those that the registration of their provider maps (docs/identity-providers.md).
 * - `principal` is the person (the sponsor when no person is present), then each agent of the chain, in turn.
 * - `context.person` is there when a person is present; `context.agent` is the current agent of the chain.
 * - `context.foreign` is there when agents of other organizations acted before those of the chain: who, and whose.
 * - `context.requester` is who asked, `context.participants` who is in the conversation: by the word of the surface that sees it.
 * - `context.space`: `in` a space means in it or in one below it. `context.thread.strangers`: people there who are not known here.
 * - `context.token.bound`: the call proved possession of the task's key. Not so for bearer tokens of clients that have none.
 * - `context.args` are the typed arguments of the action under their catalog names. Optional ones have to be asked for first
 *   (`context.args has note`).
 * - `context.risk`: the risk class, and the signals of the call, with a score from 0 to 100 (docs/risk.md).
 * - Groups of actions: `read`, `write`, and `risk:low` … `risk:critical`. So that a rule over a group holds for every action that
 *   will ever be in it, each combination has a stand-in action without arguments: such a rule asks `context.args has amount`
 *   before it looks. A stand-in cannot be called.
 * - A name that an administrator gave an action is a group with that action alone: `action in Action::"orders.cancel"`.
 * - `issue:TOKEN:GRANT`, all in `issue`: that a token of a kind is issued by a grant (docs/policies.md). Rules may forbid it; none
 *   has to permit it. `context.task.id` is empty while there is no task yet.
 */
const PREAMBLE = `entity Group in [Group];
entity Person in [Group] { issuer: String, subject: String, email?: String, ${PERSON_ATTRIBUTE_LINES} };
entity Agent { trust: Long, owner: Person, origin?: String, vendor?: String };
entity Space in [Space];
entity Resource;
type Task = { id: String, purpose: String };
type Origin = { ip: String };
type Token = { bound: Bool };
type Thread = { id: String, strangers: Long };
type Risk = {
  class: String, score: Long, signals: Set<String>, external: Set<String>,
  firstForAgent: Bool, firstForAction: Bool, firstForCounterparty?: Bool,
  callsLastMinute: Long, sizeRatio?: decimal, hour: Long, hourUtc: Long, definitionAgeDays?: Long
};
type Foreign = { actors: Set<{ issuer: String, subject: String }>, issuers: Set<String> };
type Approval = { id: String, approvers: Set<Person> };
action ${[...ACTION_GROUPS, ISSUE].map((group) => quote(group)).join(', ')};`

const CONTEXT = `person?: Person, agent: Agent, chain: Set<Agent>, foreign?: Foreign, requester?: Person, participants: Set<Person>,
    now: datetime, risk: Risk, task: Task, token: Token, space?: Space, thread?: Thread, origin: Origin, approval?: Approval`

/** Text of the schema: the preamble, then one block for each action (one for all issuances), blank lines between them. */
export function schemaFor(actions: readonly Action[]): string {
  return schemaText(actions.map(declaration), actions.flatMap(givenNames))
}

/** Writes the text of the schema in steps: where calls are answered, the catalog may be large. */
export async function schemaInSteps(actions: Iterable<Action>): Promise<string> {
  const all = [...actions]
  return schemaText(await mapInSteps(all, declaration), all.flatMap(givenNames))
}

function schemaText(declarations: readonly string[], given: readonly string[]): string {
  const groups = given.map((name) => `\naction ${quote(name)};`).join('')
  return [PREAMBLE + groups, ...STAND_INS.map(declaration), ISSUANCES, ...declarations]
    .join('\n\n')
    .concat('\n')
}

interface DeclaredType {
  readonly name: string
  readonly groups: readonly string[]
  readonly comment: string
  readonly fields: readonly Field[]
}

const STAND_INS: readonly DeclaredType[] = (['read', 'write'] as const).flatMap((access) =>
  RISKS.map((risk) => ({
    name: `any:${access}:${risk}`,
    groups: groupsOf({ access, risk }),
    comment: 'stand-in',
    fields: [],
  })),
)

function declaration(action: Action | DeclaredType): string {
  const { name, groups, comment, fields } = 'groups' in action ? action : declared(action)
  return block([name], { groups, comment, fields })
}

function block(
  names: readonly string[],
  { comment, fields, groups }: Omit<DeclaredType, 'name'>,
): string {
  const members = groups.map((group) => `Action::${quote(group)}`).join(', ')
  const limits = limitLines(fields).map((line) => `${line}\n`)
  return `// ${comment}
${limits.join('')}action ${names.map(quote).join(', ')} in [${members}] appliesTo {
  principal: [Person, Agent], resource: [Resource],
  context: { args: ${record(fields)}, ${CONTEXT} } };`
}

const ISSUANCES = block(ISSUE_ACTIONS, { groups: [ISSUE], comment: 'issuing tokens', fields: [] })

function declared(action: Action): DeclaredType {
  const { name, method, path } = action
  return {
    name,
    groups: groupsOf(action),
    comment: `${method} ${path}`,
    fields: action.arguments.arguments,
  }
}

/** Writes a record type. A field that has no type is left out: policies cannot see it. */
function record(fields: readonly Field[]): string {
  const typed = fields.flatMap((field) => {
    const type = typeText(field.type)
    return type === undefined
      ? []
      : [`${attribute(field.name)}${isOptional(field) ? '?' : ''}: ${type}`]
  })
  return typed.length === 0 ? '{}' : `{ ${typed.join(', ')} }`
}

function typeText(type: ArgumentType): string | undefined {
  switch (type.kind) {
    case 'untyped':
      return undefined
    case 'string':
    case 'path':
      return 'String'
    case 'boolean':
      return 'Bool'
    case 'integer':
      return 'Long'
    case 'decimal':
    case 'datetime':
      return type.kind
    case 'set': {
      const items = typeText(type.items)
      return items === undefined ? undefined : `Set<${items}>`
    }
    case 'record':
      return record(type.fields)
  }
}

const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has'])

function attribute(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quote(name)
}

/** Names are ASCII without quotes, backslashes and controls: the catalog lets nothing else in. */
function quote(name: string): string {
  if (!/^[\x20-\x7e]*$/.test(name) || /["\\]/.test(name)) {
    throw new TypeError('a name in the catalog cannot be written in a schema')
  }
  return `"${name}"`
}

/** The schema of one action by itself, for evaluation: what it costs must not grow with the catalog. */
export interface ActionSchema {
  readonly text: string
  readonly groups: readonly string[]
}

export type ActionSchemas = ReadonlyMap<string, ActionSchema>

/** The first line of what declares actions. */
const HEAD = /^action (?<names>"[^"]+"(?:, "[^"]+")*) in \[(?<groups>[^\]]+)\]/m

/** Names the actions that a block of `schemaFor` declares, and the groups they are in. */
export function namesIn(block: string): { names: readonly string[]; groups: readonly string[] } {
  const head = HEAD.exec(block)
  const { groups = '', names = '' } = head?.groups ?? {}
  return { names: quotedNames(names), groups: quotedNames(groups) }
}

function quotedNames(list: string): readonly string[] {
  return Array.from(list.matchAll(/"([^"]+)"/g), ([, name = '']) => name)
}

/** Takes a text that `schemaFor` wrote apart. */
export function actionSchemas(schema: string): ActionSchemas {
  const [preamble, ...blocks] = schema.trimEnd().split('\n\n')
  return new Map(blocks.flatMap((block) => schemasIn(block, preamble)))
}

/** Takes a text that `schemaFor` wrote apart, in steps. */
export async function actionSchemasInSteps(schema: string): Promise<ActionSchemas> {
  const [preamble, ...blocks] = schema.trimEnd().split('\n\n')
  const schemas = await mapInSteps(blocks, (block) => schemasIn(block, preamble))
  return new Map(schemas.flat())
}

function schemasIn(block: string, preamble = ''): (readonly [string, ActionSchema])[] {
  const { groups, names } = namesIn(block)
  const declared = { text: `${preamble}\n\n${block}\n`, groups }
  return names.map((name) => [name, declared] as const)
}

/** Names that administrators gave actions, each with the action's own. They are the groups with a point in their name. */
export function givenNamesIn(actions: ActionSchemas): ReadonlyMap<string, string> {
  return new Map(
    Array.from(actions, ([own, { groups }]) => [own, groups] as const).flatMap(([own, groups]) =>
      groups.filter(isGivenName).map((name) => [name, own] as const),
    ),
  )
}

/** Tells a name that an administrator gave an action from the groups that every catalog has. */
export function isGivenName(group: string): boolean {
  return group.includes('.')
}

/** Tells whether a text was written by `schemaFor`. */
export function isGenerated(schema: string): boolean {
  return STAND_INS.every(({ name }) => schema.includes(`\naction ${quote(name)} in [`))
}
