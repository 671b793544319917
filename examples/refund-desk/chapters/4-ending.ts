import {
  callResource,
  type OpenTask,
  resourceToken,
  taskRequest,
} from '../../../src/programs/cli/agent/client.ts'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'

/** The task closes; tokens, open requests and running streams end with it. */
export async function ending({ fiona, world }: Story, task: OpenTask): Promise<void> {
  chapter('The task ends')
  const resource = `${world.gateway}/orders`
  const { token } = await resourceToken(task, resource)
  const stream = await callResource(task, token, {
    method: 'GET',
    url: `${resource}/orders/1042/events`,
  })
  const reader = stream.body?.getReader()
  const first = await reader?.read()
  saw(
    'a stream of order 1042 is running',
    stream.status === 200 && (first?.value?.length ?? 0) > 0,
    stream.status,
  )

  const waiting = await fiona.get(`${world.issuer}/approvals`)
  saw('the refund of 901.00 still waits for Fiona', waiting.text.includes('901.00'), waiting.text)
  const closing = await taskRequest(task, { method: 'DELETE', path: '' })
  const at = performance.now()
  saw('refund-bot closes it', closing.status === 200, await closing.text())
  await reader?.closed.catch(() => {})
  for (;;) {
    const part = await reader?.read().catch(() => undefined)
    if (!part || part.done) break
  }
  const took = performance.now() - at
  saw(`the stream has ended (${took.toFixed(0)} ms later)`, took < 1000, took)

  const next = await callResource(task, token, { method: 'GET', url: `${resource}/orders/1042` })
  saw('the very next call is refused', next.status === 401, `${next.status} ${await next.text()}`)
  const more = await resourceToken(task, resource).catch((error: unknown) => error)
  saw('there are no new tokens either', more instanceof Error, more)
  const gone = await fiona.get(`${world.issuer}/approvals`)
  saw('and nothing waits for Fiona any more', !gone.text.includes('901.00'), gone.text)
}
