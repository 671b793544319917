import { isIP } from 'node:net'
import { Problem } from '../../platform/lib/problem.ts'
import { updateAgent } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'

const LOOPBACK = /^127(?:\.\d{1,3}){3}$|^\[::1\]$|^localhost$/
const MAX_LENGTH = 500

/**
 * Sets where an agent is told that a person has answered its question (`null`: it is told nothing). An address that anyone can
 * reach, by TLS; where names lead is checked again with each message. Throws `agent.unknown`, `agent.final`, `agent.bad_notify_at`.
 */
export async function setNotifyAt(
  parts: AgentParts,
  change: {
    readonly agentId: string
    readonly notifyAt: string | null
    /** Permission of plain HTTP to this machine, for development. */
    readonly allowLoopback: boolean
    readonly by: string
  },
): Promise<void> {
  const { agentId, allowLoopback, by, notifyAt } = change
  if (notifyAt !== null) checkNotifyAt(notifyAt, allowLoopback)
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await updateAgent(tx, agentId, { notifyAt })
      return { type: 'agent.notify_at_set', facts: { notify_at: notifyAt } }
    },
  })
}

/** @throws Problem `agent.bad_notify_at` */
export function checkNotifyAt(text: string, allowLoopback: boolean): void {
  const url = URL.parse(text)
  const here = url !== null && LOOPBACK.test(url.hostname)
  if (!url || url.href.length > MAX_LENGTH || url.username || url.password || url.hash)
    throw badNotifyAddress()
  if (here && allowLoopback && /^https?:$/.test(url.protocol)) return
  const literal = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0
  if (url.protocol !== 'https:' || here || literal) throw badNotifyAddress()
}

function badNotifyAddress(): Problem {
  return new Problem(
    'agent.bad_notify_at',
    'an https address with a host name, without credentials or fragment, is needed',
  )
}
