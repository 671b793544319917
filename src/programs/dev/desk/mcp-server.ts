import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import type { NoteBook } from './note-book.ts'
import { HANDBOOK, INSTRUCTIONS, NOTE_TEMPLATE, PROMPTS, SERVER, TOOLS } from './offer.ts'
import { BadArgument, TOOL_WORK } from './tools.ts'

const HANDBOOK_TEXT =
  'Damaged goods are refunded in full once photos are with the claim. Over 100.00 finance looks first. Write short and kindly.'

/**
 * One session of the desk, with the official SDK: its server for definitions that are plain data, because what it lists is also what
 * the catalog of `remit dev` is filled with. `pace` in milliseconds is one step of the slow tool.
 */
export function deskServer(book: NoteBook, pace: number): Server {
  const server = new Server(SERVER, {
    instructions: INSTRUCTIONS,
    capabilities: { tools: {}, prompts: {}, resources: {} },
  })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }))
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }))
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [HANDBOOK] }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [NOTE_TEMPLATE],
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = Object.hasOwn(TOOL_WORK, params.name) ? TOOL_WORK[params.name] : undefined
    if (!tool) throw invalidToolCall(`there is no tool ${params.name}`)
    const progressToken = params._meta?.progressToken
    const work = {
      book,
      pause: () => sleep(pace, undefined, { signal: extra.signal }),
      progress: async (progress: number, total: number, message: string) => {
        if (progressToken === undefined) return
        const told = { progressToken, progress, total, message }
        await extra.sendNotification({ method: 'notifications/progress', params: told })
      },
    }
    try {
      return await tool(work, params.arguments ?? {})
    } catch (error) {
      throw error instanceof BadArgument ? invalidToolCall(error.message) : error
    }
  })
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const order = params.arguments?.order_id
    if (params.name !== 'apology' || order === undefined)
      throw invalidToolCall('there is no such prompt')
    const text = `Write a short apology for the damaged delivery of order ${order}. Promise nothing that is not in its notes.`
    return { messages: [{ role: 'user', content: { type: 'text', text } }] }
  })
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const note = book.read(uri.replace('desk://notes/', ''))
    const text = uri === HANDBOOK.uri ? HANDBOOK_TEXT : note?.text
    if (text === undefined) throw invalidToolCall('there is no such resource')
    return { contents: [{ uri, mimeType: 'text/plain', text }] }
  })
  return server
}

function invalidToolCall(words: string): McpError {
  return new McpError(ErrorCode.InvalidParams, words)
}
