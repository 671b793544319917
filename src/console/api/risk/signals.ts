import type { Static } from 'typebox'
import type { StoredSignal } from '../../../tasks/risk/index.ts'
import type { Signal, SignalInput } from '../../api-operations/risk.ts'
import { time } from '../shapes.ts'

type SignalAnswer = Static<ReturnType<typeof Signal>>

export function signalShape(signal: StoredSignal): SignalAnswer {
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

/** Turns the input into what `raiseSignal` takes. */
export function raisingOf(
  { expires_at, ...rest }: Static<ReturnType<typeof SignalInput>>,
  source: string,
) {
  return { ...rest, expiresAt: Date.parse(expires_at), source }
}
