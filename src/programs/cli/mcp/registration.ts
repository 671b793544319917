import { join } from 'node:path'
import { base64url, sha256url } from '../../../platform/lib/bytes.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { bold, dim, green, text, yellow } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure, usage } from '../failure.ts'
import { readPrivateFile, writePrivateFile } from '../private-file.ts'
import { importResource } from '../resources/import.ts'
import { stateDirectory } from '../server/sessions.ts'

/** Place of a wrapped server in the catalog of one Remit: the same at every start, so that nothing has to be confirmed again. */
export interface WrapRegistration {
  readonly port: number
  /** Credential that only the gateway presents. */
  readonly secret: Secret
  /** Connection at Remit that holds it. */
  readonly connection: string
}

interface StoredRegistration extends Omit<WrapRegistration, 'secret'> {
  readonly secret: string
}

const NAME = /^[a-z][a-z0-9-]{0,60}[a-z0-9]$/

/** WrapRegistration of `name` at a server, in a file that only its owner can read. */
export class WrapRegistrations {
  readonly #cli: Cli
  readonly #name: string

  constructor(cli: Cli, name: string) {
    // The name becomes part of a file path.
    if (!NAME.test(name))
      throw usage(`\`${name}\` is no name`, 'lower-case letters, digits, hyphens')
    this.#cli = cli
    this.#name = name
  }

  async find(): Promise<WrapRegistration | undefined> {
    const stored = await readPrivateFile(this.#path)
    if (stored === undefined) return undefined
    const { secret, ...rest } = JSON.parse(stored) as StoredRegistration // as: `keep` wrote it, and only we can write there
    return { ...rest, secret: new Secret(secret) }
  }

  async keep({ connection, port, secret }: WrapRegistration): Promise<void> {
    const stored: StoredRegistration = { connection, port, secret: secret.reveal() }
    await writePrivateFile(this.#path, `${JSON.stringify(stored)}\n`, this.#cli.world.random)
  }

  /** A credential and a name for it, both new. */
  create(): Omit<WrapRegistration, 'port'> {
    const { random } = this.#cli.world
    const suffix = Buffer.from(random.bytes(4)).toString('hex')
    return {
      secret: new Secret(base64url(random.bytes(32))),
      connection: `${this.#name}-wrap-${suffix}`,
    }
  }

  get #path(): string {
    const file = `${this.#name}-${sha256url(this.#cli.url).slice(0, 12)}.json`
    return join(stateDirectory(this.#cli.world), 'mcp', file)
  }
}

/** Refuses to take the place of an API that something else put into the catalog. */
export async function requireFree(cli: Cli, name: string): Promise<void> {
  const found = await cli.api
    .call('GET', '/resources/:name', { params: { name } })
    .catch((error: unknown) => {
      if (error instanceof CommandFailure && error.code === 'catalog.unknown_resource')
        return undefined
      throw error
    })
  if (!found) return
  throw new CommandFailure(`${name} is in the catalog already`, {
    detail: `it is at ${found.upstream ?? found.identifier}, and this user account did not put it there`,
    next: ['choose another name', 'or move it here: --replace'],
  })
}

/** Puts a server into the catalog for the first time, with the credential that the gateway presents to it. */
export async function register(
  cli: Cli,
  name: string,
  { registration, url }: { readonly registration: WrapRegistration; readonly url: string },
): Promise<void> {
  const { connection, secret } = registration
  await cli.api.call('POST', '/connections', {
    body: { name: connection, kind: 'bearer', secret: secret.reveal() },
  })
  try {
    await importResource(cli, name, { mcp: url, connection })
  } catch (error) {
    await forgetConnection(cli, connection)
    throw error
  }
}

/** Compares what the server offers now with the catalog; what differs is imported, and waits for review. */
export async function refresh(
  cli: Cli,
  name: string,
  {
    moved,
    ...wanted
  }: { readonly mcp: string; readonly connection: string; readonly moved: boolean },
): Promise<void> {
  const body = { ...wanted }
  const { unchanged } = await cli.api.call('POST', '/resources/:name/preview', {
    params: { name },
    body,
  })
  // A move is no change of the offering; without its connection it would take the credential away.
  if (moved || !unchanged) return importResource(cli, name, body)
  cli.say(text`${green('✓')} ${bold(name)}: as it was`)
}

/** Forgets the credential of an earlier registration. It may be gone, or in use elsewhere. */
export async function forgetConnection(cli: Cli, connection: string): Promise<void> {
  await cli.api
    .call('DELETE', '/connections/:name', { params: { name: connection } })
    .catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error
      cli.say(
        text`${yellow('●')} the connection ${connection} is still there`,
        dim(text`  ${error.detail ?? error.message}`),
      )
    })
}
