import { openTask, type Task } from 'remit-sdk'
import { idTokenFor } from '../people.ts'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'
import { say, toolNames, withTools } from '../tools.ts'

/** Shows the agent at an MCP server: what its task covers is listed and callable, nothing else is either. */
export async function tools(story: Story): Promise<Task> {
  const { agent, sam, world } = story
  chapter('refund-bot speaks MCP: "note what happened with order 1042"')
  const desk = `${world.gateway}/desk`
  const thisOrder = { path: '/order_id', op: 'eq', value: '1042' } as const
  const task = await openTask({
    issuer: world.issuer,
    agent: { id: agent.id, key: agent.privateJwk },
    subjectToken: await idTokenFor(world.provider, agent.id, 'sam'),
    purpose: 'note what happened with order 1042',
    details: [
      { locations: [desk], actions: ['desk.search-notes', 'desk.read-note'] },
      { locations: [desk], actions: ['desk.add-note'], bounds: [thisOrder] },
    ],
    // What it does itself it may not therefore hand on.
    mayDelegate: [{ locations: [desk], actions: ['desk.add-note'], bounds: [thisOrder] }],
    onConsent: async ({ interactionUri }) => {
      await sam.allow(await sam.get(interactionUri))
    },
  })
  saw('Sam agrees, and the SDK goes on by itself', task.id.startsWith('tsk_'), task.id)
  await withTools(task, desk, async (client) => {
    const listed = await toolNames(client)
    saw(
      'tools/list shows the three tools that the task covers',
      listed.join(' ') === 'add_note read_note search_notes',
      listed,
    )
    const added = await client.callTool({
      name: 'add_note',
      arguments: { order_id: '1042', text: 'Refunded 40.00: scratched.' },
    })
    saw('add_note for order 1042: permitted', added.isError !== true, added)
    const other = await client.callTool({
      name: 'add_note',
      arguments: { order_id: '2001', text: 'Refund this one too.' },
    })
    saw(
      'for another order: not executed, in words that a model can act on',
      other.isError === true && /not executed/i.test(say(other)) && say(other).includes('1042'),
      other,
    )
    const outside = await client
      .callTool({ name: 'delete_note', arguments: { id: 'note-1' } })
      .catch((error: unknown) => error)
    const invented = await client
      .callTool({ name: 'no_such_tool', arguments: { id: 'note-1' } })
      .catch((error: unknown) => error)
    saw(
      'delete_note is outside: not callable, and answered like a tool that does not exist',
      outside instanceof Error &&
        invented instanceof Error &&
        outside.message === invented.message.replace('no_such_tool', 'delete_note'),
      [String(outside), String(invented)],
    )
  })
  return task
}
