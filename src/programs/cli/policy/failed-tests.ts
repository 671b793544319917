import { indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  red,
  text,
  type Value,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import type { FailedCase } from '../../../policy/policy/index.ts'

/** Answer of a test run; `rules` are told with their places when they are known. */
export interface TestReport {
  readonly cases: number
  readonly calls: number
  readonly failed: readonly FailedCase[]
}

/** Finds where a rule begins, by its id. */
export type PlaceOfRule = (id: string) => string | undefined

/** `file:line  sentence`, then the expected and the actual result, with the reasons. */
export function failedLines(failed: readonly FailedCase[], placeOf: PlaceOfRule): readonly Value[] {
  return failed.flatMap(({ call, came, expected, file, it, line, why }) => [
    text`${red('✗')} ${bold(`${file}:${line}`)}${it === undefined ? '' : text`  ${it}`}`,
    ...indented(
      [
        ...(call
          ? [
              text`${call.person} with ${call.agent}, ${call.action}: expected ${green(expected ?? '')}, came ${red(came ?? '')}`,
            ]
          : []),
        ...why.flatMap((reason) => [
          dim(text`${reason.text}`),
          ...reason.rules.map((id) => dim(text`  ${id}${atPlace(placeOf(id))}`)),
          ...(reason.facts ?? []).map((fact) => text`  ${yellow('→')} ${fact}`),
        ]),
      ],
      4,
    ),
  ])
}

function atPlace(place: string | undefined): string {
  return place === undefined ? '' : `  ${place}`
}

/** Failed tests in the answer to a failed publication. */
export function failedOf(members: Readonly<Record<string, unknown>>): readonly FailedCase[] {
  const { failed } = members
  return Array.isArray(failed) ? failed.filter(isFailed) : []
}

function isFailed(value: unknown): value is FailedCase {
  if (typeof value !== 'object' || value === null) return false
  const { file, line, why }: Partial<Record<keyof FailedCase, unknown>> = value
  return typeof file === 'string' && typeof line === 'number' && Array.isArray(why)
}

/** `one test holds`, `12 tests hold`. */
export function testsHold(count: number): string {
  return count === 1 ? 'one test holds' : `${count} tests hold`
}
