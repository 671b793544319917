import { PassThrough, type Readable } from 'node:stream'
import { type ApiParts, time } from '../../../console/api/index.ts'
import type { TypeOf } from '../../../console/operation-kit/operation.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { checkPolicies } from '../../../policy/policy/index.ts'
import { findDraft, type ReplayReport, replay, setsOf } from '../index.ts'
import type { POLICY_ANALYSIS } from '../operations/policy.ts'

const DAY_MS = 24 * 60 * 60_000

type ReplayInput = TypeOf<ReturnType<typeof POLICY_ANALYSIS.operations.replay.schemas>, 'body'>

/** @throws Problem `policy.invalid` */
export async function requireValid(parts: ApiParts, text: string, schema: string): Promise<void> {
  const { mistakes } = await checkPolicies(parts.policy.storage.read, { text, schema })
  const [first] = mistakes
  if (!first) return
  const detail = `line ${first.line}, column ${first.column}: ${first.message}`
  throw new Problem('policy.invalid', detail, { members: { mistakes } })
}

export async function replayed(
  parts: ApiParts,
  { agent, hours = 7 * 24, ...given }: ReplayInput,
): Promise<Readable> {
  const text = await policyTextOf(parts, given)
  const sets = await setsOf(parts.decisions, text)
  await requireValid(parts, text, sets.draft.schema)
  const until = parts.policy.clock.now()
  const lines = new PassThrough()
  // The sending code hears of it, too; before that, no listener would.
  lines.on('error', () => {})
  const gone = new AbortController()
  lines.once('close', () => gone.abort(new Error('the caller went away')))
  const writeReplayLine = (line: object) => void lines.write(`${JSON.stringify(line)}\n`)
  const working = replay(parts.policy.storage.read, {
    sets,
    since: until - hours * 60 * 60_000,
    until,
    agentId: agent,
    signal: gone.signal,
    progress: ({ at, looked }) => writeReplayLine({ looked, at: time(at) }),
  })
  working.then(
    (report) => {
      writeReplayLine({ report: reportShape(report) })
      lines.end()
    },
    (error: unknown) => {
      if (error instanceof Problem) {
        writeReplayLine({ problem: { code: error.code, detail: error.detail } })
        lines.end()
      } else lines.destroy(error instanceof Error ? error : new Error(String(error)))
    },
  )
  return lines
}

async function policyTextOf(
  parts: ApiParts,
  { draft, text }: Pick<ReplayInput, 'draft' | 'text'>,
): Promise<string> {
  if ((draft === undefined) === (text === undefined))
    throw new Problem('request.malformed', 'either `text` or `draft`')
  if (draft === undefined) return text ?? ''
  const found = await findDraft(parts.policy.storage.read, draft)
  if (!found) throw new Problem('policy.unknown_version', `there is no draft ${draft}`)
  return found.text
}

export type ReplayReportJson = ReturnType<typeof reportShape>

/** Over less than a day nothing is extrapolated. */
export function reportShape({ asked, first, last, withoutInputs, ...report }: ReplayReport) {
  const days = Math.max(1, (last - first) / DAY_MS)
  const perDay = (count: number) => Math.round((count / days) * 10) / 10
  return {
    ...report,
    without_inputs: withoutInputs,
    from: first === 0 ? null : time(first),
    to: last === 0 ? null : time(last),
    asked: {
      now: asked.now,
      draft: asked.draft,
      per_day: { now: perDay(asked.now), draft: perDay(asked.draft) },
    },
  }
}
