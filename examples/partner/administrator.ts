import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { Browser } from '../refund-desk/browser.ts'
import { signIn } from '../refund-desk/people.ts'
import { saw } from '../refund-desk/step.ts'
import type { CommandRun, World } from '../refund-desk/world.ts'

/** The administrator of one organization, at the command line and in a browser. */
export interface Administrator {
  /** Runs a command, and says yes on the page that it may ask for. */
  does(what: string, ...words: readonly string[]): Promise<CommandRun>
  /** A file that a command reads. */
  file(name: string, value: unknown): Promise<string>
  /** Registers an agent. Answers its key. */
  registers(agent: string, ...ceiling: readonly string[]): Promise<JWK>
}

const PAGE = /http:\/\/\S+\/(?:cli\?|confirm\/)\S+/

/** Ada of this organization signs the command line in. */
export async function administratorOf(world: World): Promise<Administrator> {
  const ada = await signIn(world.issuer, 'Ada')
  const remit = async (words: readonly string[]): Promise<CommandRun> => {
    let page: Promise<unknown> = Promise.resolve()
    const onLine = (line: string) => {
      const url = PAGE.exec(line)?.[0]
      if (url) page = agree(ada, url)
    }
    const ran = await world.remit(words, { onLine })
    await page
    return ran
  }
  const login = await remit(['login', '--no-open'])
  if (login.code !== 0) throw new Error(`Ada could not sign in: ${login.err}`)
  const file = async (name: string, value: unknown) => {
    const path = join(world.data, name)
    await writeFile(path, JSON.stringify(value))
    return path
  }
  const does = async (what: string, ...words: readonly string[]) => {
    const ran = await remit(words)
    saw(what, ran.code === 0, ran)
    return ran
  }
  return {
    does,
    file,
    async registers(agent, ...ceiling) {
      const out = join(world.data, 'agents', `${agent}.jwk`)
      const words = ['--trust', '2', '--ceiling', ...ceiling, '--key-out', out]
      await does(`registers ${agent}, of a partner`, 'agents', 'add', agent, ...words)
      return JSON.parse(await readFile(out, 'utf8'))
    },
  }
}

async function agree(browser: Browser, url: string): Promise<void> {
  await browser.submit(await browser.get(url), /^(?:Confirm|Sign in the command)/)
}
