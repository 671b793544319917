import { indented } from '../../../platform/lib/terminal/table.ts'
import { bold, dim, red, text, type Value, yellow } from '../../../platform/lib/terminal/text.ts'
import type { Sources } from '../operations/policy-sources.ts'
import type { AnswerOf } from '../server/operation-types.ts'

/** One thing that is wrong, or worth knowing, as the API says it: places in the whole text. */
export type MistakeJson = AnswerOf<'POST', '/policies/validate'>['mistakes'][number]

/** Mistake with its place in the file that it stands in. */
export type PlacedMistake = MistakeJson & { readonly file: string }

export function placed(mistakes: readonly MistakeJson[], sources: Sources): PlacedMistake[] {
  return mistakes.map((mistake) => ({
    ...mistake,
    ...sources.place(mistake.line),
    message: inFiles(mistake.message, sources),
  }))
}

/** Messages that name another line of the whole text. */
function inFiles(message: string, sources: Sources): string {
  return message.replaceAll(/\bin line (\d+)/g, (_, line: string) => {
    const { file, line: there } = sources.place(Number(line))
    return `at ${file}:${there}`
  })
}

/** `file:line:column`, which editors and terminals make a link of. */
export function mistakeLines(
  mistakes: readonly PlacedMistake[],
  kind: 'mistake' | 'warning',
): readonly Value[] {
  const mark = kind === 'mistake' ? red('✗') : yellow('!')
  return mistakes.flatMap(({ column, file, help, line, message, policy }) => [
    text`${mark} ${bold(`${file}:${line}:${column}`)}${policy ? dim(text`  ${policy}`) : ''}`,
    ...indented([text`${message}`, ...(help ? [dim(help)] : [])], 4),
  ])
}

/** Mistakes in the answer to a failed publication. */
export function mistakesOf(members: Readonly<Record<string, unknown>>): readonly MistakeJson[] {
  const { mistakes } = members
  return Array.isArray(mistakes) ? mistakes.filter(isMistake) : []
}

function isMistake(value: unknown): value is MistakeJson {
  if (typeof value !== 'object' || value === null) return false
  const { column, line, message }: Partial<Record<keyof MistakeJson, unknown>> = value
  return typeof line === 'number' && typeof column === 'number' && typeof message === 'string'
}
