import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import { consumeOnceStep, type Storage } from '../storage/index.ts'
import * as store from './oidc-payload-store.ts'

export interface OidcPayload {
  readonly model: string
  readonly id: string
  readonly payload: object
}

/**
 * Records that a standard grant leaves between two requests: codes, sessions, pushed requests. Kept
 * for the protocol library.
 */
export interface OidcPayloads {
  put(
    model: string,
    id: string,
    payload: object,
    expiresInSeconds: number | undefined,
  ): Promise<void>
  /** Several, in one commit. */
  putAll(artefacts: readonly OidcPayload[], expiresInSeconds: number | undefined): Promise<void>
  find<Payload extends object>(model: string, key: store.ArtefactKey): Promise<Payload | undefined>
  /**
   * Replaces the payload of a record that is there; it expires when it would have before. False
   * when there is none.
   */
  replace(model: string, id: string, payload: object): Promise<boolean>
  /** Throws `artefact.used` for all but one of any number of simultaneous callers. */
  consume(model: string, id: string): Promise<void>
  /** Uses up an identifier; throws `artefact.used` when it was used before. Shares its table with our own grants. */
  once(key: string, expiresInSeconds: number): Promise<void>
  destroy(model: string, id: string): Promise<void>
  destroyGrant(grantId: string): Promise<void>
  /** Counts the records of a kind that will expire. */
  countExpiring(model: string): Promise<number>
  /** Forgets those of a kind that would have expired before a time (epoch milliseconds) anyway. */
  forgetExpiring(model: string, before: number): Promise<void>
  forget(): Promise<void>
}

export function artefacts({ storage, clock }: { storage: Storage; clock: Clock }): OidcPayloads {
  const endOf = (seconds: number | undefined) =>
    seconds === undefined ? null : clock.now() + seconds * 1000
  const putStep = ({ id, model, payload }: OidcPayload, expiresAt: number | null) => {
    const text = (name: string) => {
      const value: unknown = Reflect.get(payload, name)
      return typeof value === 'string' ? value : null
    }
    return store.putArtefactStep(storage.read, {
      ...{ model, id, expiresAt, payload: JSON.stringify(payload) },
      ...{ grantId: text('grantId'), userCode: text('userCode'), uid: text('uid') },
    })
  }
  // What strangers may leave here shares its commit with others, so that much of it does not keep calls from being written.
  const putAll = async (all: readonly OidcPayload[], expiresInSeconds: number | undefined) => {
    const expiresAt = endOf(expiresInSeconds)
    await storage.commit(all.map((each) => putStep(each, expiresAt)))
  }
  return {
    put: (model, id, payload, expiresInSeconds) =>
      putAll([{ model, id, payload }], expiresInSeconds),
    putAll,
    async find<Payload extends object>(model: string, key: store.ArtefactKey) {
      const row = await store.findArtefact(storage.read, model, key, clock.now())
      if (!row) return undefined
      const payload = JSON.parse(row.payload) as Payload // our own text, written by `put`
      return row.consumedAt === null ? payload : { ...payload, consumed: row.consumedAt / 1000 }
    },
    replace: (model, id, payload) =>
      storage.transaction((tx) =>
        store.replacePayload(tx, {
          ...{ model, id, payload: JSON.stringify(payload), now: clock.now() },
        }),
      ),
    async consume(model, id) {
      const use = store.consumeArtefactStep(storage.read, model, id, clock.now())
      const done = await storage.commit([use])
      if (!done.committed) throw new Problem('artefact.used', 'it was used before')
    },
    async once(key, expiresInSeconds) {
      const expiresAt = clock.now() + expiresInSeconds * 1000
      const use = consumeOnceStep(storage.read, 'assertion', key, expiresAt)
      const done = await storage.commit([use])
      if (!done.committed) throw new Problem('artefact.used', 'it was used before')
    },
    destroy: (model, id) => storage.transaction((tx) => store.destroyArtefact(tx, model, id)),
    destroyGrant: (grantId) => storage.transaction((tx) => store.destroyGrant(tx, grantId)),
    countExpiring: (model) => store.countExpiring(storage.read, model, clock.now()),
    forgetExpiring: (model, before) =>
      storage.transaction((tx) => store.forgetExpiring(tx, model, before)),
    forget: () => storage.transaction((tx) => store.forgetArtefacts(tx, clock.now())),
  }
}
