import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { outbound } from '../../platform/net/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { IssuerTrust } from '../issuers/issuer-trust.ts'
import type { Person } from '../people/index.ts'
import { someone, type TestPeople, testPeople } from '../people/testing.ts'
import type { Agent } from './agent.ts'
import { type Registration, registerAgent } from './register.ts'

export const CEILING = [
  {
    type: 'remit_call',
    locations: ['https://gw.example/orders'],
    actions: ['orders.read'],
    bounds: [],
  },
]

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>
}

export function keyPair(kind: 'ec' | 'ed25519' | 'rsa' = 'ec'): KeyPair {
  const { privateKey, publicKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519')
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }) } }
}

/** People and agents over an open store, with Ada, who owns agents. */
export type TestAgents = TestPeople & { readonly issuers: IssuerTrust }

export async function testAgents(storage: Storage): Promise<{ parts: TestAgents; ada: Person }> {
  const people = await testPeople(storage)
  const parts = { ...people, issuers: new IssuerTrust(people, outbound) }
  return { parts, ada: await someone(parts, 'ada') }
}

export function registered(
  parts: TestPeople,
  owner: Person,
  changes: Partial<Registration> = {},
): Promise<Agent> {
  return registerAgent(parts, {
    name: 'refund-bot',
    description: 'Pays back',
    ownerId: owner.id,
    trust: 3,
    ceiling: CEILING,
    by: owner.id,
    ...changes,
  })
}

/** A client assertion as an honest agent makes it, changed where a test says so. */
export function assertion(
  parts: TestPeople,
  key: KeyPair,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(parts.clock.now() / 1000)
  const honest = {
    iss: 'refund-bot',
    sub: 'refund-bot',
    aud: parts.issuer,
    iat: now,
    exp: now + 60,
  }
  const alg = key.jwk.kty === 'OKP' ? 'EdDSA' : key.jwk.kty === 'RSA' ? 'RS256' : 'ES256'
  return new SignJWT({ ...honest, jti: `jti-${Math.abs(now)}`, ...claims })
    .setProtectedHeader({ alg, typ: 'client-authentication+jwt', ...header })
    .sign(key.privateKey)
}
