// The refund desk: a real agent works for a real person, is refused, asks a human, is allowed once, finishes, and holds
// nothing afterwards. Then the same at an MCP server, with a sub-agent, at night, and with a client that knows only the URL.
// Every step is asserted; the first that fails ends the story with a non-zero exit code.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openingTheTask } from './chapters/1-opening.ts'
import { calls } from './chapters/2-calls.ts'
import { approval } from './chapters/3-approval.ts'
import { ending } from './chapters/4-ending.ts'
import { administrator } from './chapters/5-administrator.ts'
import { tools } from './chapters/6-tools.ts'
import { subAgent } from './chapters/7-sub-agent.ts'
import { nightly } from './chapters/8-nightly.ts'
import { urlOnly } from './chapters/9-url-only.ts'
import { evidence } from './chapters/10-evidence.ts'
import { signIn } from './people.ts'
import { Phone } from './phone.ts'
import { chapter, StoryFailed, told } from './step.ts'
import { startWorld } from './world.ts'

const began = Date.now()
console.log('The refund desk, on a Remit of its own …')
const phone = await Phone.open()
const world = await startWorld({ pushService: phone.service })
try {
  const agentKey = JSON.parse(await readFile(join(world.data, 'agents', 'refund-bot.jwk'), 'utf8'))
  chapter('People sign in')
  const sam = await signIn(world.issuer, 'Sam')
  const fiona = await signIn(world.issuer, 'Fiona')
  const story = { world, sam, fiona, phone, agent: { id: 'refund-bot', privateJwk: agentKey } }
  const task = await openingTheTask(story)
  const seen = await calls(story, task)
  const approved = await approval(story, task)
  await ending(story, task)
  const house = await administrator(story)
  await subAgent(story, house, await tools(story))
  await nightly(story, house)
  await urlOnly(story)
  await evidence(story, { ...seen, ...approved })
  console.log(
    `\n${told()} things seen as they have to be, in ${((Date.now() - began) / 1000).toFixed(1)} s.`,
  )
} catch (error) {
  if (!(error instanceof StoryFailed)) console.error(error)
  process.exitCode = 1
} finally {
  await world.stop()
  await phone.close()
}
