import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '../../src/platform/lib/secret.ts'
import { StoredSessions } from '../../src/programs/cli/server/sessions.ts'
import { type TestCli, testCli } from '../../src/programs/cli/testing.ts'
import { freePorts } from '../ports.ts'
import type { World } from '../world.ts'
import type { Project, RunningProgram } from './project.ts'
import { addRules } from './shops.ts'

const FENCE = /^```(\w+)(?: title=(\S+))?\n([\s\S]*?)^```$/gm

export interface Block {
  readonly language: string
  readonly title: string | undefined
  readonly text: string
}

/** A page with programs and commands. */
export class Readme {
  readonly blocks: readonly Block[]
  /** Texts by title. */
  readonly files: ReadonlyMap<string, string>
  readonly commands: readonly string[]

  private constructor(text: string) {
    this.blocks = [...text.matchAll(FENCE)].map(([, language = '', title, block = '']) => ({
      language,
      title,
      text: block,
    }))
    this.files = new Map(
      this.blocks.flatMap(({ text, title }) => (title ? [[title, text] as const] : [])),
    )
    this.commands = this.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
  }

  static async at(path: string): Promise<Readme> {
    return new Readme(await readFile(path, 'utf8'))
  }

  /** Titles of its programs. */
  programs(extension: string): readonly string[] {
    return [...this.files.keys()].filter((title) => title.endsWith(extension))
  }

  textOf(title: string): string {
    const text = this.files.get(title)
    assert.ok(text, title)
    return text
  }
}

/** The project, with the addresses of this world in place of those of `npm start`. */
export class Reader {
  readonly #project: Project
  readonly #readme: Readme
  readonly #world: World
  readonly #ports: Readonly<Record<string, string>>
  readonly done = new Set<string>()
  readonly shop: string
  readonly cli: TestCli

  private constructor(
    { project, readme }: { project: Project; readme: Readme },
    world: World,
    cli: TestCli,
    ports: Reader['ports'],
  ) {
    this.#project = project
    this.#readme = readme
    this.#world = world
    this.#ports = ports
    this.cli = cli
    this.shop = `http://127.0.0.1:${ports['7485']}`
  }

  get ports(): Readonly<Record<string, string>> {
    return this.#ports
  }

  static async at(
    given: { project: Project; readme: Readme; extension: string },
    world: World,
  ): Promise<Reader> {
    const { extension, project, readme } = given
    const portOf = (url: string) => new URL(url).port
    const [shop, callback] = await freePorts(2)
    const ports = {
      7480: portOf(world.issuer),
      7481: portOf(world.gateway),
      7482: portOf(world.provider),
      7485: String(shop),
      7490: String(callback),
    }
    const owner = { after: (end: () => Promise<void>) => world.onStop(end) }
    const cli = await testCli(owner as Parameters<typeof testCli>[0], { REMIT_URL: world.issuer }) // all that it uses
    const { token } = await world.api('ada')
    const expiresAt = new Date(world.clock.now() + 3_600_000).toISOString()
    await new StoredSessions(cli.world).keep({
      url: world.issuer,
      token: new Secret(token),
      expiresAt,
    })
    for (const title of readme.programs('.yaml'))
      await writeFile(join(cli.home, title), readme.textOf(title))
    const reader = new Reader(given, world, cli, ports)
    for (const title of readme.programs(extension)) await reader.save(title)
    await cp(join(world.data, '..', 'refund-bot.jwk'), join(project.folder, 'refund-bot.jwk'))
    return reader
  }

  here(text: string): string {
    return text
      .replaceAll(/\b(?:7480|7481|7482|7485|7490)\b/g, (port) => this.#ports[port] ?? port)
      .replaceAll('dev.remit', 'test.remit')
  }

  async save(title: string, as = title): Promise<void> {
    const text = this.#readme.textOf(title)
    await this.#project.write(as, this.here(text))
  }

  /** Starts a block as Sam's agent. */
  async start(title: string, env: Readonly<Record<string, string>> = {}): Promise<RunningProgram> {
    this.done.add(title)
    const ID_TOKEN = await this.#world.idToken('sam')
    return this.#project.start([title], { ID_TOKEN, ...env })
  }

  /** Runs a block that needs nobody. */
  async run(title: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return ended(await this.start(title, env))
  }

  /** Registers an agent, and permits what it does, as the page says. */
  async agent(name: string): Promise<void> {
    await this.command(`agents add ${name}`)
    await cp(join(this.cli.home, `${name}.jwk`), join(this.#project.folder, `${name}.jwk`))
    await addRules(this.#world, this.#readme.textOf(`${name}.cedar`))
    this.done.add(`${name}.cedar`)
  }

  /** Runs the commands of the block that has this in it, as Ada. */
  async command(part: string): Promise<string> {
    const text = this.#readme.commands.find((each) => each.includes(part))
    assert.ok(text, part)
    this.done.add(text)
    let out = ''
    for (const line of this.here(text).trim().split('\n')) {
      const [program, ...args] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, a, b]) => a ?? b ?? '',
      )
      assert.equal(program, 'remit', line)
      const ran = await this.cli.remit(...args)
      assert.equal(ran.exit, 0, `${line}: ${ran.said}`)
      out += ran.out + ran.said
    }
    return out
  }
}

/** All that a program said that went well. */
export async function ended(running: RunningProgram): Promise<string> {
  const { code, said } = await running.ended
  assert.equal(code, 0, said)
  return said
}
