import type { JWK } from 'jose'
import { callResource, type OpenTask, resourceToken } from '../../src/programs/cli/agent/client.ts'
import type { Browser } from './browser.ts'
import type { Phone } from './phone.ts'
import type { World } from './world.ts'

export interface Story {
  readonly world: World
  readonly sam: Browser
  readonly fiona: Browser
  /** Fiona's, which shows notifications. */
  readonly phone: Phone
  readonly agent: { readonly id: string; readonly privateJwk: JWK }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** One call of the agent at the orders API, with a resource token of its own. */
export async function call(
  story: Story,
  task: OpenTask,
  method: string,
  path: string,
  body?: string,
): Promise<Answer> {
  const resource = `${story.world.gateway}/orders`
  const { token } = await resourceToken(task, resource)
  const answer = await callResource(task, token, {
    method,
    url: `${resource}${path}`,
    ...(body === undefined ? {} : { body }),
  })
  const text = await answer.text()
  const parsed: unknown = text === '' ? {} : JSON.parse(text)
  return { status: answer.status, headers: answer.headers, body: parsed as Record<string, unknown> } // the API answers objects
}
