import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

const root = new URL('../../../', import.meta.url)

/** True: this is a checkout that runs its sources, not an installed package. */
const IS_CHECKOUT = extname(import.meta.url) === '.ts'

/** Command line of this installation, as hints show it. */
export const COMMAND = IS_CHECKOUT ? 'npm run -s remit --' : 'npx remit'

/** Command that starts the development server. */
export const START_COMMAND = IS_CHECKOUT ? 'npm start' : 'npx @remit/dev'

/** Command that starts it, to be followed by options. */
export const START_WITH = IS_CHECKOUT ? 'npm start --' : START_COMMAND

export interface Release {
  readonly version: string
  /** Git commit of the sources, in hexadecimal; nothing where it is not known. */
  readonly commit?: string
  /** Number of the schema that this program needs. */
  readonly schema: number
}

/** Tells which Remit this is. */
export async function readRelease(): Promise<Release> {
  const { neededSchema } = await import('../../platform/storage/index.ts')
  const { buildFor } = await import('../modules.ts')
  const { version } = readJson('package.json')
  const commit = IS_CHECKOUT ? commitOfCheckout() : readJson('lib/build.json').commit
  return {
    version: String(version),
    ...(typeof commit === 'string' ? { commit } : {}),
    schema: neededSchema(buildFor('sqlite')),
  }
}

function readJson(path: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'))
}

function commitOfCheckout(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined // No git here, or no repository.
  }
}
