import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'
import { listForTask } from '../../src/approvals/access-requests/index.ts'
import type { OpenTask } from '../agent.ts'
import { until } from '../until.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'
import { type OddRequest, Place, type Session } from './place.ts'
import { serveNotes } from './scripted.ts'

type Notes = Awaited<ReturnType<typeof serveNotes>>

export const PAGE = /http\S+\/approvals\/req_\S+/

/** Fiona of finance presses a button on the page of a request. */
export async function say(w: World, page: string, button: RegExp, fields = {}): Promise<void> {
  const fiona = await w.browser('fiona')
  const answered = await fiona.submit(await fiona.get(page), button, fields)
  assert.equal(answered.status, 200, answered.text)
}

/** Pages of the requests of a task that wait, as soon as there are so many. */
export function pagesOf(w: World, task: OpenTask, count: number): Promise<string[]> {
  return until(async () => {
    const requests = await listForTask(w.rooms.decisions, task.id)
    const waiting = requests.filter(({ state }) => state === 'pending')
    return waiting.length === count
      ? waiting.map(({ id }) => `${w.issuer}/approvals/${id}`)
      : undefined
  })
}

export async function pageOf(w: World, task: OpenTask): Promise<string> {
  const [page = ''] = await pagesOf(w, task, 1)
  return page
}

/** The call that finance is asked about; with a token, its client hears of progress. */
export function erase(
  session: Session,
  what: string,
  token?: string,
  odd: OddRequest = {},
): Promise<Answer> {
  const meta = token === undefined ? {} : { _meta: { progressToken: token } }
  return session.request('tools/call', { name: 'erase', arguments: { what }, ...meta }, odd)
}

/** The scripted server behind the gateway of a world, for the tests of one suite. */
export function standing(world: () => World) {
  let notes: Notes | undefined
  let place: Place | undefined
  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), {
      name: 'notes',
      url: notes.url,
      asks: ['erase', 'prompt-greet'],
    })
  })
  afterEach(() => notes?.play(() => false))
  after(() => notes?.close())
  return {
    get notes(): Notes {
      if (!notes) throw new Error('not yet')
      return notes
    },
    get place(): Place {
      if (!place) throw new Error('not yet')
      return place
    },
  }
}
