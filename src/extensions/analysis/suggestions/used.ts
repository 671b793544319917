import { type Call, exact, type KindOf, type TypedArguments, type TypedValue } from '@remit/engine'
import { pointerTo } from '../../../platform/lib/json-pointer.ts'

/** Observed values of one argument of an action. */
export interface UsedArgument {
  /** JSON Pointer. */
  readonly path: string
  /** Calls that had it. */
  readonly seen: number
  /** The different values and how often each came; `undefined`: too many to tell apart. */
  readonly values: ReadonlyMap<string, number> | undefined
  /** The largest, of a number. */
  readonly most: string | undefined
}

/** Observed calls of one action at one place. */
export interface UsedAction {
  readonly location: string
  readonly action: string
  readonly calls: number
  readonly arguments: readonly UsedArgument[]
}

const MAX_VALUES = 8
/** Arguments that are told apart for one action; others are not bounded. */
const MAX_ARGUMENTS = 64

interface ArgumentCounts {
  seen: number
  values: Map<string, number> | undefined
  most: { readonly text: string; readonly key: bigint } | undefined
}

/** Calls as they were made, counted in memory that does not grow with them. */
export class CallUsage {
  readonly #kindOf: KindOf
  readonly #actions = new Map<
    string,
    { location: string; action: string; calls: number; arguments: Map<string, ArgumentCounts> }
  >()

  constructor(kindOf: KindOf) {
    this.#kindOf = kindOf
  }

  add({ action, arguments: given, location }: Call): void {
    this.addTexts({ action, location }, textsOf(given))
  }

  /** Counts a call of which these single values are known, by pointer. */
  addTexts(
    { action, location }: Pick<Call, 'action' | 'location'>,
    texts: Iterable<readonly [string, string]>,
  ): void {
    const key = JSON.stringify([location, action])
    const used = this.#actions.get(key) ?? { location, action, calls: 0, arguments: new Map() }
    this.#actions.set(key, used)
    used.calls++
    for (const [path, text] of texts) {
      const known = used.arguments.get(path)
      if (!known && used.arguments.size >= MAX_ARGUMENTS) continue
      const counted = known ?? { seen: 0, values: new Map(), most: undefined }
      used.arguments.set(path, counted)
      this.#count(counted, text, this.#kindOf(location, action, path))
    }
  }

  actions(): readonly UsedAction[] {
    return Array.from(this.#actions.values(), (used) => ({
      ...used,
      arguments: Array.from(used.arguments, ([path, { most, seen, values }]) => ({
        path,
        seen,
        values,
        most: most?.text,
      })),
    })).toSorted((a, b) => b.calls - a.calls)
  }

  #count(counted: ArgumentCounts, text: string, kind: ReturnType<KindOf>): void {
    counted.seen++
    const { values } = counted
    if (values) {
      values.set(text, (values.get(text) ?? 0) + 1)
      if (values.size > MAX_VALUES) counted.values = undefined
    }
    if (kind !== 'integer' && kind !== 'decimal') return
    const key = exact(kind, text)?.key
    if (typeof key === 'bigint' && (!counted.most || key > counted.most.key))
      counted.most = { text, key }
  }
}

/** Single values by pointer; sets have no positions, so no bounds. */
function* textsOf(args: TypedArguments, above = ''): Generator<readonly [string, string]> {
  for (const [name, value] of args) {
    const path = above + pointerTo(name)
    if (value.kind === 'record') yield* textsOf(value.fields, path)
    else if (value.kind !== 'set') yield [path, scalarText(value)]
  }
}

function scalarText(value: Exclude<TypedValue, { kind: 'set' | 'record' }>): string {
  return 'text' in value ? value.text : String(value.value)
}
