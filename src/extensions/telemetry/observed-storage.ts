import type { Clock } from '../../platform/lib/clock.ts'
import { activeTrace } from '../../platform/lib/trace.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { Instruments } from './instruments.ts'

/** Store that times its commits, and makes each a span of the request that waits for it. */
export function observedStorage(storage: Storage, instruments: Instruments, clock: Clock): Storage {
  const duration = instruments.histogram('db.client.operation.duration')
  const system = storage.engine === 'sqlite' ? 'sqlite' : 'postgresql'
  const timed = <T>(operation: 'commit' | 'transaction', work: () => Promise<T>): Promise<T> => {
    const begun = clock.monotonic()
    const recordDuration = (failed?: true) =>
      duration.record((clock.monotonic() - begun) / 1_000, {
        'db.system.name': system,
        'db.operation.name': operation,
        ...(failed ? { 'error.type': 'failed' } : {}),
      })
    const trace = activeTrace()
    const result = trace ? trace.step(`store ${operation}`, work) : work()
    result.then(
      () => recordDuration(),
      () => recordDuration(true),
    )
    return result
  }
  return {
    ...storage,
    commit: (steps, how) => timed('commit', () => storage.commit(steps, how)),
    transaction: (work, how) => timed('transaction', () => storage.transaction(work, how)),
  }
}
