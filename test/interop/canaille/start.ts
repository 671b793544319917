import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../ports.ts'
import type { WorldProvider } from '../../world.ts'
import { startServerProgram } from '../server-process.ts'
import { CLIENT_SECRET, configuration, content } from './content.ts'

const MAX_COMMAND_MS = 90_000

/** A Canaille of its own for Remit at `remit`, with a database of its own. */
export async function startCanaille(remit: string): Promise<WorldProvider> {
  const programs = process.env.REMIT_INTEROP_CANAILLE
  if (!programs) throw new Error('run these tests by `npm run test:interop`')
  const program = join(programs, 'canaille')
  const cwd = await mkdtemp(join(tmpdir(), 'remit-canaille-'))
  const [port = 0] = await freePorts(1)
  const issuer = `http://127.0.0.1:${port}`
  const command = (args: string[], input = '') => {
    const ran = spawnSync(program, args, { cwd, input, encoding: 'utf8', timeout: MAX_COMMAND_MS })
    if (ran.status !== 0) throw new Error(`canaille ${args.join(' ')}: ${ran.stderr}`)
  }
  const remove = () => rm(cwd, { recursive: true, force: true })
  try {
    await writeFile(join(cwd, 'canaille.toml'), configuration(port))
    command(['install'])
    command(['restore'], content(remit))
    const stop = await startServerProgram({
      ...{ name: 'Canaille', program, cwd, startsWithinMs: MAX_COMMAND_MS },
      args: ['run', '--bind', `127.0.0.1:${port}`],
      url: `${issuer}/.well-known/openid-configuration`,
    })
    return { issuer, secret: CLIENT_SECRET, close: () => stop().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}
