import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentCard, type Message, type Part, Role, type Task, TaskState } from '@a2a-js/sdk'
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  type RequestContext,
} from '@a2a-js/sdk/server'
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'

export const SKILLS = [
  { id: 'book_trip', name: 'Book a trip', description: 'Books a trip.', tags: ['trips'] },
  { id: 'quote', name: 'Quote', description: 'Says what a trip costs.', tags: ['trips'] },
]

/** A request as it reached the agent. */
export interface ReceivedMessage {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly params: any
}

export function textPart(value: string): Part {
  return { content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: '' }
}

function said(message: Message): string {
  return message.parts
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join(' ')
}

function reply(context: RequestContext, words: string): Message {
  return {
    messageId: `reply-${context.taskId}`,
    contextId: context.contextId,
    taskId: '',
    role: Role.ROLE_AGENT,
    parts: [textPart(words)],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  }
}

function taskOf({ contextId, taskId, userMessage }: RequestContext): Task {
  const status = { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: undefined }
  return {
    id: taskId,
    contextId,
    status,
    artifacts: [],
    history: [userMessage],
    metadata: undefined,
  }
}

/** Answers `hello` with a message, and everything else with a task; one that says `wait` goes on until it is cancelled. */
class Planner implements AgentExecutor {
  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const words = said(context.userMessage)
    if (words.startsWith('hello')) {
      bus.publish(AgentEvent.message(reply(context, `hello to you: ${words}`)))
      bus.finished()
      return
    }
    const task = taskOf(context)
    bus.publish(AgentEvent.task(task))
    if (words.startsWith('wait')) return
    const { contextId, taskId } = context
    const artifact = {
      artifactId: 'plan',
      name: 'plan',
      description: '',
      parts: [textPart(`planned: ${words}`)],
      metadata: undefined,
      extensions: [],
    }
    const about = { taskId, contextId, metadata: undefined }
    bus.publish(AgentEvent.artifactUpdate({ ...about, artifact, append: false, lastChunk: true }))
    this.#end(bus, about, TaskState.TASK_STATE_COMPLETED)
  }

  async cancelTask(taskId: string, bus: ExecutionEventBus): Promise<void> {
    this.#end(bus, { taskId, contextId: '', metadata: undefined }, TaskState.TASK_STATE_CANCELED)
  }

  #end(
    bus: ExecutionEventBus,
    about: { taskId: string; contextId: string; metadata: undefined },
    state: TaskState,
  ): void {
    const status = { state, message: undefined, timestamp: new Date().toISOString() }
    bus.publish(AgentEvent.statusUpdate({ ...about, status }))
    bus.finished()
  }
}

/** An agent of the official SDK, at an address of its own. */
export async function servePlanner() {
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  const url = `http://127.0.0.1:${port}`
  const card = {
    name: 'Planner',
    description: 'Plans trips.',
    version: '3',
    supportedInterfaces: [
      { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
    ],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: SKILLS,
  }
  const reached: ReceivedMessage[] = []
  const requestHandler = new DefaultRequestHandler(
    AgentCard.fromJSON(card),
    new InMemoryTaskStore(),
    new Planner(),
  )
  app.get('/.well-known/agent-card.json', (_, answer) => {
    answer.json(card)
  })
  app.use('/rpc', express.json(), (request, _answer, next) => {
    const { method, params } = request.body
    reached.push({ method, params, headers: request.headers })
    next()
  })
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }))
  return {
    url,
    reached,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
