import type { Browser, Page } from '../../examples/refund-desk/browser.ts'
import { basesOfPerson, pendingConsents } from '../../src/tasks/consent/index.ts'
import { endBasis, findTask } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, postForm } from '../agent.ts'
import { Stranger } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import type { Ways } from '../ways/desk.ts'
import { DIRECT_WAYS, type PreparedWay } from '../ways/ways.ts'
import { send } from '../wire.ts'

/** Something that is stored on the way to a task, or at its end, by a request that is none to the token endpoint. */
export interface Step {
  readonly name: string
  readonly path: RegExp
  readonly prepare: (ways: Ways) => Promise<Pick<PreparedWay, 'take'>>
}

const seen = (wanted: number, { status, text }: { status: number; text: string }) => ({
  through: status === wanted,
  seen: `${status} ${text.slice(0, 600)}`,
})

/**
 * Tries again as a person does: loads what failed, answers what asks, and follows where it leads
 * on.
 */
async function again(browser: Browser, { url }: Page): Promise<Page> {
  const page = await browser.get(url)
  const on = /href="([^"]*\/oauth\/authorize\/[^"]+)"/.exec(page.html)?.[1]
  if (on) return browser.get(new URL(on, page.url).href)
  return page.html.includes('value="grant"') ? browser.allow(page) : page
}

/** A form of refund-bot, authenticated anew each time. */
async function asAgent({ world }: Ways, path: string, form: Record<string, string>) {
  const own = {
    client_assertion_type: JWT_BEARER,
    client_assertion: await world.agent.assertion(),
    purpose: 'look at things',
  }
  return postForm(`${world.issuer}/oauth/${path}`, { ...own, ...form }, [])
}

async function registered({ world }: Ways): Promise<{ stranger: Stranger; managed: string }> {
  const stranger = await Stranger.arrive(world)
  await stranger.register()
  const { registration_access_token: token, registration_client_uri: url } = Object(stranger.client)
  return { stranger, managed: `${url} ${token}` }
}

async function manage(managed: string, method: string, body?: object) {
  const [url = '', token] = managed.split(' ')
  return send(url, {
    method,
    headers: [
      ['Authorization', `Bearer ${token}`],
      ['Content-Type', 'application/json'],
    ],
    ...(body && { body: JSON.stringify(body) }),
  })
}

const ticket = DIRECT_WAYS.find(({ name }) => name === 'a parent gets a ticket for a child')

export const STEPS: readonly Step[] = [
  {
    name: 'a request is pushed',
    path: /^\/oauth\/par$/,
    prepare: async (ways) => {
      const { stranger } = await registered(ways)
      const asked = Object.fromEntries(stranger.asking(`${ways.world.gateway}/desk`).searchParams)
      const url = `${ways.world.issuer}/oauth/par`
      return { take: async () => seen(201, await postForm(url, asked, [])) }
    },
  },
  {
    name: 'an agent asks a person itself',
    path: /^\/oauth\/bc-authorize$/,
    prepare: async (ways) => {
      const { id } = await ways.world.person('sam')
      const form = { scope: 'openid echo.list', login_hint: id }
      return { take: async () => seen(200, await asAgent(ways, 'bc-authorize', form)) }
    },
  },
  {
    name: 'a device shows a code',
    path: /^\/oauth\/device_authorization$/,
    prepare: async (ways) => ({
      take: async () =>
        seen(200, await asAgent(ways, 'device_authorization', { scope: 'echo.list' })),
    }),
  },
  {
    name: 'an opening is deferred',
    path: /^\/oauth\/token$/,
    prepare: async ({ world }) => {
      const { id } = await world.person('fiona')
      for (const basis of await basesOfPerson(world.rooms.storage.read, id, world.clock.now()))
        if (basis.agentId === 'refund-bot')
          await endBasis(world.rooms.decisions, { basisId: basis.id, by: id })
      const wish = {
        subjectToken: await world.idToken('fiona'),
        scope: 'echo.list',
        key: await newKey(),
      }
      return {
        take: async () => {
          const answer = await world.agent.ask(wish, { form: { completion_mode: 'deferred' } })
          return { ...seen(400, answer), through: 'deferral_code' in answer.body }
        },
      }
    },
  },
  {
    name: 'a client registers',
    path: /^\/oauth\/register$/,
    prepare: async ({ world }) => {
      const stranger = await Stranger.arrive(world)
      return { take: async () => seen(201, await stranger.register()) }
    },
  },
  {
    name: 'a client changes its registration',
    path: /^\/oauth\/register\//,
    prepare: async (ways) => {
      const { managed, stranger } = await registered(ways)
      const body = { ...stranger.clientMetadata, client_id: stranger.id, client_name: 'Another' }
      return { take: async () => seen(200, await manage(managed, 'PUT', body)) }
    },
  },
  {
    name: 'a client takes its registration back',
    path: /^\/oauth\/register\//,
    prepare: async (ways) => {
      const { managed, stranger } = await registered(ways)
      const desk = `${ways.world.gateway}/desk`
      await stranger.redeem(await stranger.codeFor(desk), desk)
      return { take: async () => seen(204, await manage(managed, 'DELETE')) }
    },
  },
  {
    name: 'a person lets a client in',
    path: /^\/(?:oauth\/)?authorize/,
    prepare: async (ways) => {
      const { stranger } = await registered(ways)
      await stranger.knock(`${ways.world.gateway}/desk`)
      const page = await stranger.ask()
      const browser = await stranger.browser('sam')
      let last: Page | undefined
      return {
        take: async () => {
          const before = stranger.arrived.length
          last = await again(browser, last ?? page)
          const code = stranger.arrived[before]?.searchParams.get('code')
          return { through: Boolean(code), seen: `${last.status} ${last.text}` }
        },
      }
    },
  },
  {
    name: 'a person consents',
    path: /^\/consent\//,
    prepare: async (ways) => {
      const { world } = ways
      const { id } = await world.person('sam')
      const form = { scope: 'openid echo.list', login_hint: id, max_age: '86400' }
      await asAgent(ways, 'bc-authorize', form)
      const { read } = world.rooms.storage
      const [asked] = await pendingConsents(read, id, world.clock.now())
      const browser = await world.browser('sam')
      const page = await browser.get(`${world.issuer}/consent/${asked?.id}`)
      return {
        take: async () => {
          const { status, text } = await browser.allow(page)
          const left = await pendingConsents(read, id, world.clock.now())
          return { through: !left.some((one) => one.id === asked?.id), seen: `${status} ${text}` }
        },
      }
    },
  },
  { name: 'a parent gets a ticket', path: /^\/v1\/tasks\//, prepare: ticket?.prepare ?? fail },
  {
    name: 'a task is revoked',
    path: /^\/oauth\/revoke$/,
    prepare: async ({ everything, world }) => {
      const task = await world.open({ details: everything })
      return {
        take: async () => {
          const answer = await world.agent.revoke(task.token)
          const { state } = (await findTask(world.rooms.storage.read, task.id)) ?? {}
          return { ...seen(200, answer), through: answer.status === 200 && state === 'closed' }
        },
      }
    },
  },
  {
    name: 'a refresh token of a client with a key is exchanged',
    path: /^\/oauth\/token$/,
    prepare: async (ways) => {
      const { world } = ways
      const { stranger } = await registered(ways)
      const desk = `${world.gateway}/desk`
      const url = `${world.issuer}/oauth/token`
      const key = await newKey()
      const by = () => proof(world.clock, key, { method: 'POST', url })
      const back = await stranger.codeFor(desk)
      const { body } = await stranger.redeem(back, desk, {}, await by())
      const refresh_token = String(body.refresh_token)
      return {
        take: async () => {
          const answer = await stranger.refresh({ refresh_token }, await by())
          return seen(200, { ...answer, text: JSON.stringify(answer.body) })
        },
      }
    },
  },
]

function fail(): never {
  throw new Error('there is no such way')
}
