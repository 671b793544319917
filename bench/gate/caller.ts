// Thread of who calls: the APIs behind the gateway and the load, which have a heap of their own, so that what is allocated elsewhere is
// the server's.
import { readlinkSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { startMcpServer } from '../gateway/mcp/server.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { closedLoop } from '../harness/load.ts'

/** Ports and names that it tells when it has started. */
export interface CallerStart {
  readonly api: number
  readonly mcp: number
  /** Body of the API's answers. */
  readonly body: string
  /** Its id in the system. */
  readonly thread: string
}

export interface RequestRun {
  readonly port: number
  readonly requests: readonly Uint8Array[]
}

export interface Reply {
  readonly status: number
  readonly head: string
  readonly body: Uint8Array
}

if (parentPort) {
  const port = parentPort
  const api = await startUpstream()
  const mcp = await startMcpServer()
  let replies: Reply[] = []
  port.on('message', async (message: RequestRun | 'replies') => {
    if (message === 'replies') {
      port.postMessage(replies)
      replies = []
      return
    }
    const requests = message.requests.map((bytes) => Buffer.from(bytes))
    const check = (reply: Reply) => {
      replies.push({ ...reply, body: Uint8Array.from(reply.body) })
    }
    await closedLoop(message.port, requests, { connections: 1, check })
    port.postMessage('sent')
  })
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? ''
  port.postMessage({ api: api.port, mcp: mcp.port, body: api.body, thread } satisfies CallerStart)
}
