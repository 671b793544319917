import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { signIn } from '../people.ts'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'

/** Another agent of the house, as its operator runs it. */
export interface Colleague {
  readonly id: string
  readonly key: JWK
}

export interface House {
  readonly noteTaker: Colleague
  readonly nightClerk: Colleague
}

/** Ada signs the command line in, and brings in what the second half needs: two agents and their policies. */
export async function administrator(story: Story): Promise<House> {
  const { world } = story
  chapter('Ada brings in two more agents')
  const ada = await signIn(world.issuer, 'Ada')
  let page: Promise<unknown> = Promise.resolve()
  const login = await world.remit(['login', '--no-open'], {
    onLine(line) {
      const url = /http:\/\/\S+\/cli\?\S+/.exec(line)?.[0]
      if (url) page = ada.get(url).then((asked) => ada.submit(asked, /^Sign in the command/))
    },
  })
  await page
  saw('Ada signs the command line in, through her browser', login.code === 0, login)
  const noteTaker = await add(story, 'note-taker', ['desk.search-notes', 'desk.add-note'])
  const nightClerk = await add(story, 'night-clerk', ['orders.list'])
  const policies = ['policies', 'examples/refund-desk/helpers.cedar']
  const published = await world.remit([
    'policy',
    'publish',
    ...policies,
    '--note',
    'two colleagues',
  ])
  saw('and publishes what they may do', published.code === 0, published)
  return { noteTaker, nightClerk }
}

async function add({ world }: Story, id: string, ceiling: readonly string[]): Promise<Colleague> {
  const file = join(world.data, 'agents', `${id}.jwk`)
  const words = ['agents', 'add', id, '--trust', '3', '--ceiling', ...ceiling, '--key-out', file]
  const added = await world.remit(words)
  saw(`registers ${id}, which may at most ${ceiling.join(' and ')}`, added.code === 0, added)
  return { id, key: JSON.parse(await readFile(file, 'utf8')) }
}
