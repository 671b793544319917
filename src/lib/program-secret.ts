import { base64url, fromBase64url, sha256url } from './bytes.ts'
import type { Random } from './random.ts'
import { Secret } from './secret.ts'

/** Prefixes of secrets, by kind of program: people and leak scanners see what a secret is for. */
const PREFIX = {
  enforcer: 'enf_',
  pep: 'pep_',
  signal_source: 'sgs_',
  surface: 'srf_',
} as const
const BYTES = 32

/**
 * Kinds of programs that authenticate with a secret: each may do one thing, and none is an agent.
 */
export type ProgramKind = keyof typeof PREFIX

/** 256 random bits. Only the digest (SHA-256, base64url) is ever stored. */
export function newProgramSecret(
  kind: ProgramKind,
  random: Random,
): { secret: Secret; digest: string } {
  const secret = PREFIX[kind] + base64url(random.bytes(BYTES))
  return { secret: new Secret(secret), digest: sha256url(secret) }
}

/**
 * Digest of a text that has the form of a secret of that kind; `undefined` for every other text.
 */
export function programSecretDigest(kind: ProgramKind, secret: string): string | undefined {
  const prefix = PREFIX[kind]
  if (!secret.startsWith(prefix)) return undefined
  const bytes = fromBase64url(secret.slice(prefix.length))
  return bytes?.byteLength === BYTES ? sha256url(secret) : undefined
}
