import { type Static, Type } from 'typebox'
import { Time } from '../../operations/schemas.ts'
import type { StoredSignal } from '../../risk/index.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const

export const Subject = Type.Object(
  {
    kind: Type.Union([Type.Literal('agent'), Type.Literal('person'), Type.Literal('task')]),
    id: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'name of an agent, id of a person or a task',
    }),
  },
  closed,
)

const Level = Type.Union([
  Type.Literal('low'),
  Type.Literal('medium'),
  Type.Literal('high'),
  Type.Literal('critical'),
])

/** What is said about somebody; see docs/risk.md. */
export const GivenSignal = Type.Object(
  {
    subject: Subject,
    signal: Type.String({ maxLength: 64, description: 'its name, such as `leaked-key`' }),
    level: Level,
    expires_at: Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'RFC 3339; at most 30 days from now',
    }),
  },
  closed,
)

export const Signal = Type.Object({
  subject: Subject,
  signal: Type.String(),
  level: Level,
  source: Type.String({ description: '`source:<name>`, or the id of a person' }),
  raised_at: Time,
  expires_at: Time,
})

export function signalShape(signal: StoredSignal): Static<typeof Signal> {
  const { expiresAt, level, raisedAt, signal: name, source, subject } = signal
  return {
    subject: { ...subject },
    signal: name,
    level,
    source,
    raised_at: time(raisedAt),
    expires_at: time(expiresAt),
  }
}

/** As `raiseSignal` takes it. */
export function raisingOf({ expires_at, ...rest }: Static<typeof GivenSignal>, source: string) {
  return { ...rest, expiresAt: Date.parse(expires_at), source }
}
