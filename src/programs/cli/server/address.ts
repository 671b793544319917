import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isLoopback, readOrigin } from '../../../platform/lib/setting.ts'
import { DEFAULT_DATA, DEFAULT_ISSUER } from '../../config/defaults.ts'
import { usage } from '../failure.ts'
import type { World } from '../world.ts'

/** Finds where `remit dev` and `remit serve` keep their data, as commands beside them see it. */
export function dataDirectory(world: World): string {
  return resolve(world.directory, world.environment.REMIT_DATA || DEFAULT_DATA)
}

/** The server to speak to: `--url`, else `REMIT_URL`, else the one that `remit dev` runs from here. An origin. */
export async function serverAddress(world: World, given: string | undefined): Promise<string> {
  const text = given ?? (world.environment.REMIT_URL || undefined)
  if (text === undefined) return developmentAddress(world)
  try {
    return readOrigin(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'cannot be read'
    throw usage(`The server address \`${text}\` ${why}`)
  }
}

/** `remit dev` writes its port into its data directory. Whatever stands there, this is an address of this machine. */
export async function developmentAddress(world: World): Promise<string> {
  const text = await readFile(join(dataDirectory(world), 'dev.json'), 'utf8').catch(() => '')
  const port = /"port":\s*(\d{1,5})\b/.exec(text)?.[1]
  return port === undefined ? DEFAULT_ISSUER : `http://127.0.0.1:${port}`
}

/**
 * Gateway and development identity provider beside a server of `remit dev`, which takes its ports in a row; `undefined` when
 * the server is somewhere else.
 */
export function besideDevelopment(url: string): { gateway: string; provider: string } | undefined {
  const { hostname, port, protocol } = new URL(url)
  if (protocol !== 'http:' || !isLoopback(hostname) || port === '') return undefined
  const beside = (offset: number) => `http://127.0.0.1:${Number(port) + offset}`
  return { gateway: beside(1), provider: beside(2) }
}
