import type { DiagnosisStatus } from '../../platform/lib/diagnosis.ts'
import { aligned } from '../../platform/lib/terminal/table.ts'
import { bold, dim, green, red, type Text, text, yellow } from '../../platform/lib/terminal/text.ts'
import type { ProductionResult } from './examine.ts'

/** Report, as `--json` prints it. */
export interface DoctorReport {
  readonly format: 1
  /** ISO 8601. */
  readonly at: string
  readonly issuer: string
  readonly release: { readonly version: string; readonly schema: number }
  /** Number of checks by result. */
  readonly summary: Readonly<Record<DiagnosisStatus, number>>
  readonly checks: readonly ProductionResult[]
}

const MARKS: Readonly<Record<DiagnosisStatus, Text>> = {
  ok: green('✓ ok'),
  warning: yellow('! warning'),
  error: red('✗ error'),
  not_applicable: dim('- not applicable'),
  unknown: yellow('? not checked'),
}

export function reportOf(
  checks: readonly ProductionResult[],
  about: Pick<DoctorReport, 'at' | 'issuer' | 'release'>,
): DoctorReport {
  const count = (status: DiagnosisStatus) => checks.filter((each) => each.status === status).length
  const summary = {
    ok: count('ok'),
    warning: count('warning'),
    error: count('error'),
    not_applicable: count('not_applicable'),
    unknown: count('unknown'),
  }
  return { format: 1, ...about, summary, checks }
}

/** Table for people. */
export function tableOf({ checks, issuer, summary }: DoctorReport, width?: number): Text[] {
  const rows = checks.flatMap(({ id, fix, page, message, status }) => [
    [MARKS[status], bold(id), text`${message}`],
    ...(fix === undefined ? [] : [[text``, text``, text`${fix} ${dim(`(docs/${page})`)}`]]),
  ])
  return [
    ...aligned(rows, width),
    text``,
    text`${issuer}: ${summary.error} errors, ${summary.warning} warnings, ${summary.unknown} not checked, ${summary.ok} ok`,
  ]
}

/** Exit code: 1 with errors, and with `strict` also with warnings. */
export function exitOf({ summary }: DoctorReport, strict: boolean): 0 | 1 {
  return summary.error > 0 || (strict && summary.warning > 0) ? 1 : 0
}
