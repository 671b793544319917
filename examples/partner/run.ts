// Two organizations, each with a Remit of its own. Acme's agent works for Sam of Acme, and needs what the house has in stock. The house
// trusts Acme with that and with no more; then it does not trust Acme any longer, and with one act all of it is over.
// Every step is asserted; the first that fails ends the story with a non-zero exit code.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { callResource, type OpenTask, requestTask } from '../../src/programs/cli/agent/client.ts'
import { idTokenFor } from '../refund-desk/people.ts'
import { chapter, StoryFailed, saw, told } from '../refund-desk/step.ts'
import { startWorld, type World } from '../refund-desk/world.ts'
import { administratorOf } from './administrator.ts'
import { assertionFor, redeem } from './agent.ts'
import { type Stock, serveStock } from './stock.ts'

const HERE = import.meta.dirname
const OPENAPI = join(HERE, 'stock.yaml')

async function tell(acme: World, house: World, stock: Stock): Promise<void> {
  const resource = `${house.gateway}/stock`
  chapter('The house lets a partner in, within limits')
  const ours = await administratorOf(house)
  const upstream = ['--openapi', OPENAPI, '--upstream', stock.url]
  await ours.does('its stock is behind the gateway', 'resources', 'import', 'stock', ...upstream)
  const privateJwk = await ours.registers('acme-bot', 'stock.read', 'stock.remove')
  await ours.does(
    'policies let it look items up',
    ...['policy', 'publish', 'policies', join(HERE, 'stock.cedar'), '--note', 'partners'],
  )
  const people = await ours.file('people.json', { admits: true, delegates: true })
  const limits = ['--trust', '2', '--ceiling', 'stock.read', '--expires', '90d']
  await ours.does(
    'Acme is trusted with saying who its people are, for reading at most, for 90 days',
    ...['issuers', 'add', 'acme', '--issuer', acme.issuer, '--use', 'id_jag', ...limits],
    ...['--contact', 'security@acme.example', '--people-file', people],
  )

  chapter('Acme tells its own Remit about the house')
  const theirs = await administratorOf(acme)
  const direct = ['--openapi', OPENAPI, '--direct', resource]
  await theirs.does('the stock is in its catalog', 'resources', 'import', 'stock', ...direct)
  const peer = { resources: [resource], clients: { 'refund-bot': 'acme-bot' }, details: true }
  await theirs.does(
    'the house gets assertions of Acme, about its stock',
    ...['issuers', 'add', 'house', '--issuer', house.issuer, '--use', 'peer'],
    ...['--trust', '2', '--any', '--peer-file', await theirs.file('peer.json', peer)],
  )
  const both = ['stock.read', 'stock.remove']
  await theirs.does(
    'its agent may be given that',
    'agents',
    'limits',
    'refund-bot',
    '--ceiling',
    ...both,
  )
  await theirs.does(
    'for Sam',
    'bases',
    'grant',
    'refund-bot',
    'sam@example.com',
    '--allow',
    ...both,
  )

  chapter('Acme’s agent works for Sam, at the house')
  const key = JSON.parse(await readFile(join(acme.data, 'agents', 'refund-bot.jwk'), 'utf8'))
  const open = async () =>
    requestTask({
      issuer: acme.issuer,
      agent: { id: 'refund-bot', privateJwk: key },
      subject: { token: await idTokenFor(acme.provider, 'refund-bot', 'sam') },
      purpose: 'see whether item 7 is there',
      scope: 'stock.read stock.remove',
    })
  const task = await open()
  saw('it opens a task at home', task.id.startsWith('tsk_'), task.id)
  const at = { audience: house.issuer, resource }
  const given = await assertionFor(task, at)
  saw(
    'and gets an assertion for the house, which is no access token',
    given.status === 200 && given.body.token_type === 'N_A',
    given,
  )
  const own = await assertionFor(task, { ...at, audience: acme.issuer })
  saw('none for Acme itself', own.body.error === 'invalid_target', own)
  const client = { id: 'acme-bot', privateJwk }
  const shown = { assertion: String(given.body.access_token), key: task.key }
  const first = await redeem(house.issuer, client, shown)
  saw('the house gives a token for its stock', first.status === 200, first)
  saw('for reading, whatever Acme said', first.body.scope === 'stock.read', first.body)
  saw('and no refresh token', first.body.refresh_token === undefined, first.body)
  const again = await redeem(house.issuer, client, shown)
  saw('an assertion counts once', again.body.error === 'invalid_grant', again)
  const token = String(first.body.access_token)
  await works(task, token, { resource, stock })
  await end({ acme: open, house, ours, client, at, held: { task, token }, stock })
}

async function works(
  task: OpenTask,
  token: string,
  { resource, stock }: { readonly resource: string; readonly stock: Stock },
): Promise<void> {
  const url = `${resource}/items/7`
  const read = await callResource(task, token, { method: 'GET', url })
  saw('item 7 is looked up', read.status === 200, await read.text())
  const removed = await callResource(task, token, { method: 'DELETE', url })
  saw('and cannot be removed', removed.status === 403, `${removed.status} ${await removed.text()}`)
  saw('the stock saw the one call', stock.asked.join() === 'GET /items/7', stock.asked)
}

async function end(story: {
  readonly acme: () => Promise<OpenTask>
  readonly house: World
  readonly ours: Awaited<ReturnType<typeof administratorOf>>
  readonly client: Parameters<typeof redeem>[1]
  readonly at: Parameters<typeof assertionFor>[1]
  readonly held: { readonly task: OpenTask; readonly token: string }
  readonly stock: Stock
}): Promise<void> {
  const { at, client, held, house, ours, stock } = story
  chapter('The house ends it, with one act')
  await ours.does('Acme is not trusted any more', 'issuers', 'revoke', 'acme', '--reason', 'over')
  const url = `${at.resource}/items/7`
  const dead = await callResource(held.task, held.token, { method: 'GET', url })
  saw('the token that it still holds is worth nothing', dead.status === 401, `${dead.status}`)
  const task = await story.acme()
  const given = await assertionFor(task, at)
  const shown = { assertion: String(given.body.access_token), key: task.key }
  const late = await redeem(house.issuer, client, shown)
  saw('nor is a new assertion', late.body.error === 'invalid_grant', late)
  saw('the stock saw nothing of that', stock.asked.length === 1, stock.asked)
}

const began = Date.now()
console.log('Acme and the house, each on a Remit of its own …')
const stock = await serveStock()
const acme = await startWorld()
const house = await startWorld()
try {
  await tell(acme, house, stock)
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`\n${told()} things seen as they have to be, in ${seconds} s.`)
} catch (error) {
  if (!(error instanceof StoryFailed)) console.error(error)
  process.exitCode = 1
} finally {
  await Promise.all([acme.stop(), house.stop(), stock.close()])
}
