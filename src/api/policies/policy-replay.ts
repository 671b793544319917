import { PassThrough, type Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import { findDraft, type ReplayReport, replay, setsOf } from '../../analysis/index.ts'
import { Problem } from '../../lib/problem.ts'
import { checkPolicies } from '../../policy/index.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'
import { MAX_BYTES, Text } from './policy-schemas.ts'

const closed = { additionalProperties: false } as const
const DAY_MS = 24 * 60 * 60_000
const MAX_DAYS = 366

const ReplayBody = Type.Object(
  {
    text: Type.Optional(Text),
    draft: Type.Optional(
      Type.Integer({ minimum: 1, description: 'number of a shadow draft, instead of a text' }),
    ),
    hours: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: MAX_DAYS * 24,
        description: 'how far to look back; a week when left out',
      }),
    ),
    agent: Type.Optional(Type.String({ maxLength: 63, description: 'only what this agent did' })),
  },
  closed,
)

export const POLICY_REPLAY_OPERATIONS = [
  operation({
    id: 'policies.replay',
    method: 'POST',
    path: '/policies/replay',
    says: 'Decides what is in the books again, by a text that is not published. Lines of JSON: `{ looked, at }` as it goes on, at last `{ report }`. Ends when the caller goes away.',
    who: 'administrator',
    widens: false,
    body: ReplayBody,
    bodyBytes: MAX_BYTES,
    answer: Type.Unknown(),
    mediaType: 'application/x-ndjson',
    run: (parts, { body }) => replayed(parts, body),
  }),
]

async function replayed(
  parts: ApiParts,
  { agent, hours = 7 * 24, ...given }: Static<typeof ReplayBody>,
): Promise<Readable> {
  const text = await textOf(parts, given)
  const sets = await setsOf(parts.decisions, text)
  const { read } = parts.policy.storage
  const { mistakes } = await checkPolicies(read, { text, schema: sets.draft.schema })
  const [first] = mistakes
  if (first) {
    const detail = `line ${first.line}, column ${first.column}: ${first.message}`
    throw new Problem('policy.invalid', detail, { members: { mistakes } })
  }
  const until = parts.policy.clock.now()
  const lines = new PassThrough()
  // Whoever sends it hears of it, too; before that, nobody would.
  lines.on('error', () => {})
  const gone = new AbortController()
  lines.once('close', () => gone.abort(new Error('the caller went away')))
  const write = (line: object) => void lines.write(`${JSON.stringify(line)}\n`)
  const working = replay(read, {
    sets,
    since: until - hours * 60 * 60_000,
    until,
    agentId: agent,
    signal: gone.signal,
    progress: ({ at, looked }) => write({ looked, at: time(at) }),
  })
  working.then(
    (report) => {
      write({ report: reportShape(report) })
      lines.end()
    },
    (error: unknown) => {
      if (error instanceof Problem) {
        write({ problem: { code: error.code, detail: error.detail } })
        lines.end()
      } else lines.destroy(error instanceof Error ? error : new Error(String(error)))
    },
  )
  return lines
}

async function textOf(
  parts: ApiParts,
  { draft, text }: Pick<Static<typeof ReplayBody>, 'draft' | 'text'>,
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
