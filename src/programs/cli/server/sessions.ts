import { join } from 'node:path'
import type { Clock } from '../../../platform/lib/clock.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { CommandFailure } from '../failure.ts'
import { readPrivateFile, writePrivateFile } from '../private-file.ts'
import type { World } from '../world.ts'

/** A sign-in at one server. The token is opaque; the server can end it at any time. */
export interface CliSession {
  readonly url: string
  readonly token: Secret
  /** RFC 3339. */
  readonly expiresAt: string
}

interface StoredSession {
  readonly url: string
  readonly token: string
  readonly expires_at: string
}

/** The sessions of this user account, one per server: `session.json` in the configuration directory, mode 0600. */
export class StoredSessions {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  get path(): string {
    return join(configDirectory(this.#world), 'session.json')
  }

  /** `undefined` when there is none, or its time is over. */
  async find(url: string): Promise<CliSession | undefined> {
    const found = (await this.#read()).find((each) => each.url === url)
    if (!found || isOver(found, this.#world.clock)) return undefined
    return { url, token: new Secret(found.token), expiresAt: found.expires_at }
  }

  async keep(session: CliSession): Promise<void> {
    const { expiresAt, token, url } = session
    const others = (await this.#read()).filter((each) => each.url !== url)
    await this.#write([...others, { url, token: token.reveal(), expires_at: expiresAt }])
  }

  async forget(url: string): Promise<void> {
    const all = await this.#read()
    if (all.some((each) => each.url === url)) {
      await this.#write(all.filter((each) => each.url !== url))
    }
  }

  async #read(): Promise<readonly StoredSession[]> {
    const text = await readPrivateFile(this.path)
    if (text === undefined) return []
    const sessions = parseSessionFile(text)?.sessions
    if (!Array.isArray(sessions) || !sessions.every(isStored)) {
      throw new CommandFailure('The file with your sessions cannot be read', {
        detail: `\`${this.path}\` is not what \`remit login\` writes`,
        next: [`remove it and sign in again: rm ${this.path}`],
      })
    }
    return sessions
  }

  async #write(sessions: readonly StoredSession[]): Promise<void> {
    const kept = sessions.filter((each) => !isOver(each, this.#world.clock))
    const text = `${JSON.stringify({ sessions: kept }, null, 2)}\n`
    await writePrivateFile(this.path, text, this.#world.random)
  }
}

function isOver(session: StoredSession, clock: Clock): boolean {
  return !(Date.parse(session.expires_at) > clock.now())
}

function parseSessionFile(text: string): { sessions?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function isStored(value: unknown): value is StoredSession {
  if (typeof value !== 'object' || value === null) return false
  const { expires_at, token, url }: Partial<Record<keyof StoredSession, unknown>> = value
  return typeof url === 'string' && typeof token === 'string' && typeof expires_at === 'string'
}

/** XDG Base Directory: `$XDG_CONFIG_HOME/remit`, else `~/.config/remit`. */
export function configDirectory({ environment, home }: World): string {
  return join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'remit')
}

/** XDG Base Directory: `$XDG_STATE_HOME/remit`, else `~/.local/state/remit`. */
export function stateDirectory({ environment, home }: World): string {
  return join(environment.XDG_STATE_HOME || join(home, '.local', 'state'), 'remit')
}
