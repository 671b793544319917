import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCli } from '../src/programs/cli/testing.ts'
import type { OpenTask } from './agent.ts'
import type { Answer } from './wire.ts'
import type { World } from './world.ts'

const DOCS = join(import.meta.dirname, '..', 'docs')

/** Commands that take something away, or go back to an earlier state. */
const ENDS =
  /^remit (?:[a-z-]+ )?(?:suspend|stop|withdraw|revoke-key|revoke|close|close-all|rotate|end-credential|replace|remove|retire|restore|seal-again|permit-passkey|accept|end)\b/
/** Words of a section that is read when something is in wrong hands, or went back. */
const TROUBLE =
  /\b(?:stolen|steal\w*|thief|attack\w*|compromis\w*|leak\w*|incident\w*|someone else has|went back|recorded time)\b/i

/** Section of a page, up to the next heading of any level. */
export interface Section {
  /** Path in `docs`, and anchor: `keys.md#rotate`. */
  readonly id: string
  readonly heading: string
  /** Lines of its shell examples, without their comments. */
  readonly commands: readonly string[]
  /** Commands of Remit in its text, in its order. */
  readonly named: readonly string[]
  readonly text: string
}

/** Reads the sections of a page of `docs`, in its order. */
export function sectionsOf(page: string): readonly Section[] {
  const sections: Section[] = []
  let [heading, text, fence] = ['', '', '']
  let commands: string[] = []
  const end = () => {
    const named = [...text.matchAll(/`(remit [^`]+)`/g)].map(([, command = '']) => command)
    sections.push({ id: `${page}#${anchorOf(heading)}`, heading, commands, named, text })
  }
  for (const line of readFileSync(join(DOCS, page), 'utf8').split('\n')) {
    const trimmed = line.trim()
    if (trimmed.startsWith('```')) fence = fence === '' ? trimmed : ''
    else if (fence === '```sh') commands.push(trimmed.replace(/\s+#.*$/, ''))
    else if (fence === '' && /^#+ /.test(trimmed)) {
      end()
      ;[heading, text, commands] = [trimmed.replace(/^#+ /, ''), '', []]
    } else text += `${line}\n`
  }
  end()
  return sections
}

/** Reads the section of an id. */
export function sectionOf(id: string): Section {
  const found = sectionsOf(id.split('#')[0] ?? '').find((section) => section.id === id)
  assert.ok(found, id)
  return found
}

/** Lists the runbooks of `docs`: sections that say which command takes away what is in wrong hands, or what went back. */
export function runbooks(): readonly string[] {
  const pages = readdirSync(DOCS, { recursive: true })
    .map(String)
    .filter((page) => page.endsWith('.md') && !/^(?:decisions|cli\.md)/.test(page))
  return pages
    .flatMap(sectionsOf)
    .filter(
      ({ commands, heading, named, text }) =>
        commands.some((command) => ENDS.test(command)) ||
        (TROUBLE.test(`${heading}\n${text}`) && named.some((command) => ENDS.test(command))),
    )
    .map(({ id }) => id)
    .toSorted()
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

/** Texts that stand in a page for what a reader has, such as `$KID` or `key_…`, and what it is here. */
export type Placeholders = Readonly<Record<string, string>>

/** Words of a command as a shell reads them, without the program. */
export function wordsOf(command: string, placeholders: Placeholders = {}): readonly string[] {
  const [program, ...words] = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([bare, quoted]) =>
    Object.entries(placeholders).reduce(
      (word, [text, value]) => word.replaceAll(text, value),
      quoted ?? bare,
    ),
  )
  assert.equal(program, 'remit', command)
  for (const word of words) assert.doesNotMatch(word, /\$[A-Z]|…/, command)
  return words
}

/** Runs a command of a page, which has to do what it says. */
export async function follow(cli: TestCli, command: string, placeholders?: Placeholders) {
  const done = await cli.remit(...wordsOf(command, placeholders))
  assert.equal(done.exit, 0, `${command}\n${done.said}${done.out}`)
  return done
}

/** Tells whether Remit let a call through: its refusals have a code, and what the API itself answers has none. */
export function isLetThrough({ body }: Answer): boolean {
  return body.code === undefined
}

/** Tells whether a session of the command line still works. */
export async function isSignedIn({ issuer }: World, session: string): Promise<boolean> {
  const answer = await fetch(`${issuer}/api/v1/session`, {
    headers: { authorization: `Bearer ${session}` },
  })
  return answer.status === 200
}

/** Thief of an agent's key, who also gets ID tokens of a person: what was taken before the first command is tried after each. */
export class Thief {
  readonly #w: World
  readonly task: OpenTask
  /** Resource token, of which each is tried again. */
  readonly token: string

  private constructor(w: World, task: OpenTask, token: string) {
    this.#w = w
    this.task = task
    this.token = token
  }

  static async arrive(w: World): Promise<Thief> {
    const task = await w.open({ purpose: 'by a thief' })
    const thief = new Thief(w, task, await w.agent.token(task, w.orders))
    assert.ok(await thief.mayCall())
    return thief
  }

  /** Calls with the token from before, and with a new one of the same task. */
  async mayCall(): Promise<boolean> {
    const asked = await this.#w.agent.askToken(this.task, this.#w.orders)
    const isNew = asked.status === 200 && (await this.mayCallWith(String(asked.body.access_token)))
    return (await this.mayCallWith(this.token)) || isNew
  }

  async mayCallWith(token: string): Promise<boolean> {
    const answer = await this.#w.agent.call(this.task, 'GET', '/orders/orders/1042', { token })
    return isLetThrough(answer)
  }

  /** Opens another task with the stolen key, by a fresh ID token of the person. */
  async mayOpen(): Promise<boolean> {
    const details = this.#w.everything
    const asked = await this.#w.agent.ask({ details, subjectToken: await this.#w.idToken('sam') })
    return asked.status === 200
  }
}
