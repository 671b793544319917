import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE_PEOPLE } from '../../../src/programs/dev/sample.ts'
import { freePorts } from '../../ports.ts'
import type { WorldProvider } from '../../world.ts'
import { startServerProgram } from '../server-process.ts'

const STARTS_WITHIN_MS = 60_000
export const CLIENT_SECRET = 'secret-of-remit-at-nanoidp'

export function passwordOf(person: string): string {
  return `${person}-knows-this`
}

/** A nanoidp of its own for Remit at `remit`, in memory. It insists on PKCE and on the redirect URI. */
export async function startNanoidp(remit: string): Promise<WorldProvider> {
  const programs = process.env.REMIT_INTEROP_NANOIDP
  if (!programs) throw new Error('run these tests by `npm run test:interop`')
  const cwd = await mkdtemp(join(tmpdir(), 'remit-nanoidp-'))
  const remove = () => rm(cwd, { recursive: true, force: true })
  const [port = 0] = await freePorts(1)
  const issuer = `http://127.0.0.1:${port}`
  try {
    // YAML has JSON in it.
    await writeFile(join(cwd, 'settings.yaml'), JSON.stringify(settings(issuer, port, remit)))
    await writeFile(join(cwd, 'users.yaml'), JSON.stringify(users()))
    const stop = await startServerProgram({
      ...{ name: 'nanoidp', program: join(programs, 'nanoidp'), cwd },
      args: ['--config', cwd, '--strict-config'],
      url: `${issuer}/.well-known/openid-configuration`,
      startsWithinMs: STARTS_WITHIN_MS,
    })
    return { issuer, secret: CLIENT_SECRET, close: () => stop().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

function settings(issuer: string, port: number, remit: string): object {
  const client = {
    client_id: 'remit',
    client_secret: CLIENT_SECRET,
    redirect_uris: [`${remit}/sign-in/callback`],
  }
  return {
    config_version: 1,
    server: { host: '127.0.0.1', port },
    oauth: { issuer, audience: 'somebody-else', require_pkce: true, clients: [client] },
  }
}

function users(): object {
  const one = (person: (typeof SAMPLE_PEOPLE)[number]) => [
    person.id,
    {
      password: passwordOf(person.id),
      email: person.email,
      groups: person.groups,
      attributes: { department: 'Support' },
    },
  ]
  return { config_version: 1, users: Object.fromEntries(SAMPLE_PEOPLE.map(one)) }
}
