/**
 * Meaning of an act, as people read it. Texts may come from outside: the page that shows them writes out
 * hidden characters.
 */
export interface ChangeSummary {
  /** Sentence that names the act and what it is done to. */
  readonly sentence: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** The difference to the present state. `undefined`: there is nothing to compare with. */
  readonly changes?: readonly MeantChange[] | undefined
  /** Heading of the changes: `Rules against version 3`. */
  readonly against?: string
  /** Consequences: who can do what afterwards and could not before, or the other way round. */
  readonly consequences?: readonly string[]
  /** Digest of facts found outside of the request, and of their result. The act that is done in the end has to have the same. */
  readonly seen?: string
}

export interface MeantChange {
  readonly sign: '+' | '-' | '~' | '='
  readonly what: string
  readonly notes: readonly string[]
  readonly lines: readonly { readonly sign: ' ' | '+' | '-'; readonly text: string }[]
}

const MAX_CHANGES = 200
const MAX_LINES = 80
const MAX_CONSEQUENCES = 40
const MAX_CHARACTERS = 2_000

/** Cuts a meaning to the size of a page. The page names the parts left out; the whole input has them all the same. */
export function bounded(meaning: ChangeSummary): ChangeSummary {
  const { changes, consequences = [], facts, sentence } = meaning
  return {
    ...meaning,
    sentence: short(sentence),
    facts: facts.map(([name, value]) => [name, short(value)] as const),
    ...(changes ? { changes: someOf(changes) } : {}),
    consequences: [
      ...consequences.slice(0, MAX_CONSEQUENCES).map(short),
      ...left(consequences.length - MAX_CONSEQUENCES, 'more of these'),
    ],
  }
}

function someOf(changes: readonly MeantChange[]): readonly MeantChange[] {
  const shown = changes.slice(0, MAX_CHANGES).map((change) => ({
    ...change,
    what: short(change.what),
    notes: change.notes.slice(0, MAX_LINES).map(short),
    lines: [
      ...change.lines.slice(0, MAX_LINES).map(({ sign, text }) => ({ sign, text: short(text) })),
      ...left(change.lines.length - MAX_LINES, 'more lines').map((text) => ({
        sign: ' ' as const,
        text,
      })),
    ],
  }))
  const more = left(changes.length - MAX_CHANGES, 'more changes')
  return [...shown, ...more.map((what) => ({ sign: '~' as const, what, notes: [], lines: [] }))]
}

function left(count: number, what: string): readonly string[] {
  return count > 0 ? [`… and ${count} ${what}`] : []
}

function short(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)} …` : text
}
