/**
 * The first thing that is wrong, in one word:
 * `modified` something is not what was signed for; `deleted` a record was taken out; `gap` something in the middle is
 * missing; `truncated` the end is missing; `invalid signature` the checkpoint is not signed by this key; `contradictory`
 * everything is as it was signed, but the records do not make sense.
 */
export type Verdict =
  | 'ok'
  | 'modified'
  | 'deleted'
  | 'gap'
  | 'truncated'
  | 'invalid signature'
  | 'contradictory'

export interface Trouble {
  readonly verdict: Exclude<Verdict, 'ok'>
  /** Index of the first record concerned; absent where no single one can be named. */
  readonly index?: number
  readonly message: string
}

/** Calls that were permitted, by what became of them, and refusals. */
export interface DecisionCounts {
  readonly permitted: number
  readonly answered: number
  readonly failed: number
  readonly notSent: number
  readonly indeterminate: number
  /** Permitted, and no outcome recorded yet. */
  readonly open: number
  /** Number of outcomes that were first presumed to be indeterminate, and then known. */
  readonly corrected: number
  readonly denied: number
  readonly requestable: number
  /**
   * Number of times that an administrator accepted that the ledger does not contain what was signed
   * before.
   */
  readonly breaks: number
  /** Refusals of callers who could not be identified, as far as windows were counted. */
  readonly strangers: number
}

export interface CommitmentCounts {
  /** Values that were in the export and match. */
  readonly checked: number
  /** Values that were erased, or not exported. */
  readonly absent: number
}

export interface Report {
  readonly verdict: Verdict
  /** First bad index, from 0; null where there is none or no single one can be named. */
  readonly index: number | null
  readonly message: string
  readonly origin: string | null
  /** Records under the checkpoint. */
  readonly size: number | null
  /** Standard base64. */
  readonly root: string | null
  /** `export`: the key came with the data, so only their integrity was checked, not whose they are. */
  readonly key: 'given' | 'export'
  /** Size of the remembered checkpoint that this one continues. */
  readonly since: number | null
  readonly decisions: DecisionCounts
  readonly commitments: CommitmentCounts
  /** Answers that people signed with a passkey; each was checked. */
  readonly receipts: number
  /** Records that were read from the archive. */
  readonly archived: number
}

/** Thrown where nothing further can be checked. */
export class Stop extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble.message)
    this.trouble = trouble
  }
}

/** Five lines for people. */
export function describe(report: Report): string {
  const lines = [
    report.index === null ? report.verdict : `${report.verdict} at index ${report.index}`,
    report.message,
  ]
  if (report.origin !== null && report.size !== null)
    lines.push(`ledger       ${report.origin}, ${report.size} records, root ${report.root}`)
  lines.push(
    report.key === 'given'
      ? 'key          the one you gave'
      : 'key          the one in the export: this shows that nothing was changed since, not whose ledger it is (--vkey)',
  )
  if (report.since !== null) lines.push(`continues    your checkpoint of ${report.since} records`)
  if (report.verdict === 'ok') lines.push(...describeRecords(report))
  return lines.join('\n')
}

function describeRecords({
  archived,
  commitments,
  decisions,
  receipts,
}: Report): readonly string[] {
  const { permitted, answered, failed, notSent, indeterminate, open, corrected, breaks } = decisions
  return [
    `permitted    ${permitted}: ${answered} answered, ${failed} failed, ${notSent} not sent, ${indeterminate} indeterminate, ${open} without an outcome yet`,
    `refused      ${decisions.denied} denied, ${decisions.requestable} that a person could approve`,
    ...(corrected === 0 ? [] : [`corrected    ${corrected} that were indeterminate first`]),
    `commitments  ${commitments.checked} checked, ${commitments.absent} without their value`,
    ...(receipts === 0 ? [] : [`receipts     ${receipts} answers signed with a passkey, checked`]),
    ...(archived === 0 ? [] : [`archive      ${archived} records, in segments that are signed`]),
    ...(breaks === 0
      ? []
      : [
          `breaks       ${breaks}: records were lost before, and an administrator went on without them (ledger.break_accepted)`,
        ]),
  ]
}
