import {
  type ArgumentType,
  type ArgumentField as Field,
  RISKS,
  type ScalarType,
} from '@remit/engine'

/** Limits of a value beyond its type: values, ranges, lengths, forms. */
export type Limits = ScalarType

/** An action as its block in the schema describes it. */
export interface LimitedAction {
  readonly name: string
  readonly groups: readonly string[]
  /**
   * Limits by path below `context.args`, as `status` or `payment.kind`; items of a set as `tags[]`.
   */
  readonly limits: ReadonlyMap<string, Limits>
  /** The text of its block, which names its arguments. */
  readonly block: string
}

const LINE = /^\/\/ args\.(\S+) is (\{.*\})$/gm

/**
 * Lines that say in the schema what Cedar's types cannot: which values arguments can have. They are comments to Cedar, words to
 * authors of rules, and the means to find comparisons that can never hold.
 */
export function limitLines(fields: readonly Field[]): readonly string[] {
  return [...limitsOf(fields, '')].map(
    ([path, limits]) => `// args.${path} is ${ascii(JSON.stringify(limits))}`,
  )
}

function* limitsOf(fields: readonly Field[], before: string): Generator<[string, Limits]> {
  for (const { name, type } of fields) {
    // A dot in a name would make two paths look alike.
    if (!name.includes('.') && !name.includes('[')) yield* limitsAt(type, before + name)
  }
}

function* limitsAt(type: ArgumentType, path: string): Generator<[string, Limits]> {
  if (type.kind === 'record') yield* limitsOf(type.fields, `${path}.`)
  else if (type.kind === 'set') yield* limitsAt(type.items, `${path}[]`)
  else if (type.kind !== 'untyped' && (Object.keys(type).length > 1 || type.kind === 'path'))
    yield [path, type]
}

function ascii(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The actions of a text that `schemaFor` wrote; none for a schema that is not Remit's. */
export function limitedActions(schema: string): readonly LimitedAction[] {
  return schema.split('\n\n').flatMap((block) => {
    const head = /^action "(?<name>[^"]+)" in \[(?<groups>[^\]]+)\]/m.exec(block)
    if (!head?.groups || head.groups.name?.startsWith('any:')) return []
    const groups = Array.from(
      (head.groups.groups ?? '').matchAll(/"([^"]+)"/g),
      ([, name = '']) => name,
    )
    const limits = new Map(
      Array.from(
        block.matchAll(LINE),
        ([, path = '', text = '']) => [path, JSON.parse(text) as Limits] as const, // as: only `limitLines` writes such lines
      ),
    )
    return [{ name: head.groups.name ?? '', groups, limits, block }]
  })
}

const LEVEL: Limits = { kind: 'integer', minimum: '0', maximum: '3' }
const HOUR: Limits = { kind: 'integer', minimum: '0', maximum: '23' }

/** Limits of what the context can hold, whatever the action. */
export const CLOSED: ReadonlyMap<string, Limits> = new Map<string, Limits>([
  ['context.risk.class', { kind: 'string', enum: RISKS }],
  ['context.risk.score', { kind: 'integer', minimum: '0', maximum: '100' }],
  ['context.risk.hour', HOUR],
  ['context.risk.hourUtc', HOUR],
  ['context.agent.trust', LEVEL],
  ['principal.trust', LEVEL],
])
