import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { CommandFailure } from '../failure.ts'
import type { World } from '../world.ts'

/** A key pair of an agent that was just made. */
export interface MadeKey {
  readonly publicJwk: object
  readonly path: string
  /** Takes the file away again: nothing was registered. */
  undo(): Promise<void>
}

/**
 * Makes an ES256 key pair. The private half goes into a new file that only its owner can read, never over one that is
 * there: it may be a key in use.
 */
export async function makeKeyFile(world: World, file: string): Promise<MadeKey> {
  const path = resolve(world.directory, file)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  // RFC 7638 section 3.2
  const kid = sha256url(JSON.stringify({ crv, kty, x, y }))
  const described = { kid, alg: 'ES256', use: 'sig' }
  const privateJwk = { ...privateKey.export({ format: 'jwk' }), ...described }
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(privateJwk, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  }).catch((cause: unknown) => {
    throw notWritten(file, cause)
  })
  return {
    publicJwk: { kty, crv, x, y, ...described },
    path,
    undo: () => rm(path, { force: true }),
  }
}

function notWritten(file: string, cause: unknown): CommandFailure {
  const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
  return new CommandFailure('The key was not written', {
    detail: exists ? `there is a file \`${file}\` already` : `\`${file}\` cannot be written`,
    next: ['name another file; nothing was registered'],
    cause,
  })
}

/** A public key from a file, as JWK. A private one is refused before it goes anywhere. */
export async function readPublicKey(world: World, file: string): Promise<object> {
  const text = await readFile(resolve(world.directory, file), 'utf8').catch((cause: unknown) => {
    throw new CommandFailure('The file with the key cannot be read', { detail: file, cause })
  })
  const jwk = jwkOf(text)
  if (!jwk) throw new CommandFailure('The file holds no key as JWK', { detail: file })
  if ('d' in jwk) {
    throw new CommandFailure('That is a private key', {
      detail: `\`${file}\` must never leave the agent; only its public half is registered`,
      next: ['name the file with the public half, or let one be made: --key-out FILE'],
    })
  }
  return jwk
}

/** The private key of an agent, to act as that agent. */
export function readPrivateKey(text: string, path: string): Record<string, unknown> {
  const jwk = jwkOf(text)
  if (!jwk || !('d' in jwk))
    throw new CommandFailure('The file holds no private key as JWK', { detail: path })
  try {
    createPrivateKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw new CommandFailure('The private key cannot be used', { detail: path, cause })
  }
  return jwk
}

function jwkOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'kty' in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}
