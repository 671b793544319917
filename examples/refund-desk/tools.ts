import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Task } from 'remit-sdk'
import { createMcpFetch } from 'remit-sdk/mcp'

/** The official MCP client as this task, for as long as `work` lasts. */
export async function withTools<T>(
  task: Task,
  url: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ name: 'refund-desk', version: '1.0.0' })
  await client.connect(transportOf(new URL(url), { fetch: createMcpFetch(task) }))
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

type Options = ConstructorParameters<typeof StreamableHTTPClientTransport>[1]
type Connectable = Parameters<Client['connect']>[0]

/** The SDK's own types disagree with each other under `exactOptionalPropertyTypes`; this is its own transport. */
export function transportOf(
  url: URL,
  options: Options,
): Connectable & StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(url, options) as Connectable & // as: see above
    StreamableHTTPClientTransport
}

export async function toolNames(client: Client): Promise<string[]> {
  const { tools } = await client.listTools()
  return tools.map(({ name }) => name).toSorted()
}

/** Text that a model would read. */
export function say(result: Awaited<ReturnType<Client['callTool']>>): string {
  return JSON.stringify(result.content)
}
