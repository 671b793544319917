import type { PreparedQuery, Reader, Step } from './storage.ts'

const texts = new WeakMap<Reader, Map<string, PreparedQuery>>()
/** Names of texts, each its own: one connection knows no name for two texts. */
const names = new Map<string, string>()

/**
 * Keeps the text of a statement that every call runs: building it again takes longer than filling it
 * in, and leaves much garbage. `build` makes the statement that `name` stands for, always the same
 * but for `parameters`, which come in the order of the text.
 */
export function keptQuery(
  db: Reader,
  name: string,
  parameters: readonly unknown[],
  build: () => Step['query'],
): Step['query'] {
  return {
    compile() {
      const known = texts.get(db) ?? new Map<string, PreparedQuery>()
      const text = known.get(name)
      if (text) return { ...text, parameters }
      const made = build().compile()
      // INVARIANT: each parameter is filled in where it stood when the text was made.
      const same = made.parameters.every((each, i) => Object.is(each, parameters[i]))
      if (!same || made.parameters.length !== parameters.length)
        throw new Error(`the parameters of \`${name}\` are not in the order of its text`)
      const prepared = { ...made, preparedAs: statementName(made.sql) }
      texts.set(db, known.set(name, prepared))
      return prepared
    },
  }
}

function statementName(text: string): string {
  const name = names.get(text) ?? `kept_${names.size + 1}`
  names.set(text, name)
  return name
}
