import type { Clock } from '../../platform/lib/clock.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import * as store from './protocol-record-store.ts'

export interface ProtocolRecord {
  /** Kind of record, such as `AuthorizationCode`. */
  readonly kind: string
  readonly id: string
  readonly payload: object
}

/** Records that OAuth leaves between two requests: registrations, pushed requests, requests that wait, codes. */
export interface ProtocolRecords {
  put(record: ProtocolRecord, expiresInSeconds: number | undefined): Promise<void>
  /** Several, in one commit. */
  putAll(records: readonly ProtocolRecord[], expiresInSeconds: number | undefined): Promise<void>
  /** Steps that put several, for a commit of the caller. */
  putSteps(records: readonly ProtocolRecord[], expiresInSeconds: number | undefined): Step[]
  /** Finds a record that has not expired. `consumed` (epoch seconds): it was used up. */
  find<Payload extends object>(
    kind: string,
    id: string,
  ): Promise<(Payload & { readonly consumed?: number }) | undefined>
  /** Replaces the payload of a record that is there; it expires when it would have before. False when there is none. */
  replace(record: ProtocolRecord): Promise<boolean>
  /** Step that uses a record up: all but one of any number of commits fail at it. */
  consumeStep(kind: string, id: string): Step
  /** Step that removes a record; fails where there is none. */
  destroyStep(kind: string, id: string): Step
  /** Counts the records of a kind that will expire. */
  countExpiring(kind: string): Promise<number>
  /** Forgets those of a kind that would have expired before a time (epoch milliseconds) anyway. */
  forgetExpiring(kind: string, before: number): Promise<void>
  /** Forgets what has expired. */
  forget(): Promise<void>
}

export function protocolRecords({
  clock,
  storage,
}: {
  readonly storage: Storage
  readonly clock: Clock
}): ProtocolRecords {
  const putSteps: ProtocolRecords['putSteps'] = (records, seconds) => {
    const expiresAt = seconds === undefined ? null : clock.now() + seconds * 1000
    return records.map(({ id, kind, payload }) =>
      store.putRecordStep(storage.read, { kind, id, expiresAt, payload: JSON.stringify(payload) }),
    )
  }
  // What strangers may leave here shares its commit with others, so that much of it does not keep calls from being written.
  const putAll: ProtocolRecords['putAll'] = async (records, seconds) => {
    await storage.commit(putSteps(records, seconds))
  }
  return {
    put: (record, seconds) => putAll([record], seconds),
    putAll,
    putSteps,
    async find<Payload extends object>(kind: string, id: string) {
      const row = await store.findRecord(storage.read, { kind, id, now: clock.now() })
      if (!row) return undefined
      const payload = JSON.parse(row.payload) as Payload // our own text, written by `put`
      return row.consumedAt === null ? payload : { ...payload, consumed: row.consumedAt / 1000 }
    },
    replace: ({ id, kind, payload }) =>
      storage.transaction((tx) =>
        store.replacePayload(tx, {
          ...{ kind, id, payload: JSON.stringify(payload), now: clock.now() },
        }),
      ),
    consumeStep: (kind, id) =>
      store.consumeRecordStep(storage.read, { kind, id, now: clock.now() }),
    destroyStep: (kind, id) => store.destroyRecordStep(storage.read, kind, id),
    countExpiring: (kind) => store.countExpiring(storage.read, kind, clock.now()),
    forgetExpiring: (kind, before) =>
      storage.transaction((tx) => store.forgetExpiring(tx, kind, before)),
    forget: () => storage.transaction((tx) => store.forgetRecords(tx, clock.now())),
  }
}
