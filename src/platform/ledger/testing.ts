import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { importPublicJwk } from '../jose/index.ts'
import type { SigningKey } from '../keys/index.ts'
import { type ManualClock, manualClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import type { WriteFile } from './export.ts'
import { Ledger, type LedgerOptions } from './ledger.ts'

export const ORIGIN = 'remit.example/ledger'

/** A key that signs checkpoints, and its public half to verify them with. */
export function ledgerKey(): { readonly key: SigningKey; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { jwk } = importPublicJwk(publicKey.export({ format: 'jwk' }))
  const kid = 'key_AAAAAAAAAAAAAAAAAAAAAA'
  const alg = 'Ed25519'
  const key: SigningKey = {
    kid,
    alg,
    publicJwk: { ...jwk, kid, alg, use: 'sig' },
    sign: async (data) => sign(null, data, privateKey),
  }
  return { key, publicKey }
}

/** A ledger on this store; several on one store are several replicas. */
export function ledgerOn(
  storage: Storage,
  options: Partial<LedgerOptions> & { readonly clock?: ManualClock } = {},
): Ledger {
  const { key = ledgerKey().key, clock = manualClock() } = options
  return new Ledger({ origin: ORIGIN, random: systemRandom, ...options, storage, key, clock })
}

/** The files of an export, in memory. */
export async function exported(
  ledger: Ledger,
  options?: { readonly private?: boolean },
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  const write: WriteFile = async (path, bytes) => {
    files.set(path, Buffer.concat([files.get(path) ?? new Uint8Array(), bytes]))
  }
  await ledger.exportTo(write, options)
  return files
}
