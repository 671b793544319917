import { Denied, redeemTicket, type Task } from 'remit-sdk'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'
import { toolNames, withTools } from '../tools.ts'
import type { House } from './5-administrator.ts'

/** refund-bot calls note-taker in. What it cannot hand on it cannot hand on, and what it ends has ended. */
export async function subAgent({ world }: Story, house: House, parent: Task): Promise<void> {
  chapter('refund-bot calls in note-taker')
  const desk = `${world.gateway}/desk`
  const noteTaker = { id: house.noteTaker.id, key: house.noteTaker.key }
  const more = await parent
    .child({
      agent: noteTaker.id,
      purpose: 'write it down everywhere',
      details: [{ locations: [desk], actions: ['desk.add-note'] }],
    })
    .catch((error: unknown) => error)
  saw(
    'a child that may write on any order is more than refund-bot has: refused',
    more instanceof Denied && more.code === 'task.beyond_parent',
    more,
  )
  const ticket = await parent.child({
    agent: noteTaker.id,
    purpose: 'write it down',
    details: [
      {
        locations: [desk],
        actions: ['desk.add-note'],
        bounds: [{ path: '/order_id', op: 'eq', value: '1042' }],
      },
    ],
  })
  const child = await redeemTicket({ issuer: world.issuer, agent: noteTaker, ticket })
  saw('for order 1042 it gets a task of its own, below', child.id !== parent.id, child.id)
  const twice = await redeemTicket({ issuer: world.issuer, agent: noteTaker, ticket }).catch(
    (error: unknown) => error,
  )
  saw('the ticket is good for one task', twice instanceof Denied, twice)
  await withTools(child, desk, async (client) => {
    saw('it sees one tool', (await toolNames(client)).join() === 'add_note')
    const added = await client.callTool({
      name: 'add_note',
      arguments: { order_id: '1042', text: 'Customer told.' },
    })
    saw('and writes its note, for Sam, through refund-bot', added.isError !== true, added)
  })
  const tree = await world.remit(['tasks', 'show', parent.id])
  saw('Ada sees the tree', tree.code === 0 && tree.out.includes(child.id), tree)
  await parent.close()
  const late = await child.fetch(desk, { method: 'GET' }).catch((error: unknown) => error)
  saw(
    'refund-bot closes its task, and note-taker’s has ended with it',
    late instanceof Denied,
    late,
  )
}
