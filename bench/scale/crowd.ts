import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'

/** Size of a store. */
export interface Size {
  readonly people: number
  readonly agents: number
}

/**
 * Crowd of a filled store that requests are made for. It is spread over all of the store, so that
 * requests do not touch what was touched last.
 */
export interface Crowd {
  /** Provider that everybody comes from; its key signs their ID tokens. */
  readonly provider: { readonly issuer: string; readonly key: JWK }
  readonly agents: readonly CrowdAgent[]
  readonly people: readonly CrowdPerson[]
}

export interface CrowdAgent {
  readonly id: string
  readonly key: JWK
}

export interface CrowdPerson {
  readonly id: string
  readonly subject: string
  /** Agent that may act for them, and does in this task. */
  readonly agent: string
  readonly task: { readonly id: string; readonly key: JWK }
}

export function newJwk(): { readonly privateJwk: JWK; readonly publicJwk: JWK } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privateJwk: { ...privateKey.export({ format: 'jwk' }) },
    publicJwk: { ...publicKey.export({ format: 'jwk' }) },
  }
}

/** Picks `most` of so many at most, evenly spread. */
export function picked(of: number, most: number): (index: number) => boolean {
  const every = Math.max(1, Math.floor(of / most))
  return (index) => index % every === 0 && index / every < most
}
