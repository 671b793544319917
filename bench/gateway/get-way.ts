import { type OpenTask, resourceToken } from '../../src/cli/agent/client.ts'
import type { DecisionSet } from '../harness/decided.ts'
import type { Check } from '../harness/load.ts'
import type { Program } from '../harness/program.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import type { Remit } from '../harness/remit.ts'
import type { Way } from '../harness/way.ts'
import type { Upstream } from './upstream.ts'

const PATH = '/orders/orders/1042'

type Headers = Readonly<Record<string, string>>

/** One order, read through the gateway: a fresh token for every task, a proof for every request. */
export function gatewayGet(
  of: {
    name: string
    remit: Remit
    upstream: Upstream
    decided: DecisionSet
    /** Gateway of others in front of the API, and what it needs besides. Default: Remit's own. */
    at?: { readonly origin: string; readonly port: number; readonly headers?: Headers }
  },
  tasks: readonly OpenTask[],
): Way {
  const { decided, name, remit, upstream } = of
  const { origin = remit.gateway, port = remit.gatewayPort, headers: more = {} } = of.at ?? {}
  const makers = tasks.map((task) => new ProofMaker(task))
  const answered = answeredBy(upstream)
  return {
    name,
    port,
    program: remit.program,
    check(answer, index) {
      answered(answer, index)
      decided.add(/\r\nremit-decision: (\S+)/i.exec(answer.head)?.[1])
    },
    async prepare(count) {
      const resource = `${origin}/orders`
      const url = origin + PATH
      const tokens = await Promise.all(
        tasks.map(async (task) => (await resourceToken(task, resource)).token),
      )
      return Array.from({ length: count }, (_, i) => {
        const accessToken = tokens[i % tokens.length] ?? ''
        const proof = makers[i % makers.length]?.make({ method: 'GET', url, accessToken }) ?? ''
        const headers = { authorization: `DPoP ${accessToken}`, dpop: proof, ...more }
        return requestBytes({ method: 'GET', url, headers })
      })
    },
  }
}

/** Reads the same order from a program that asks for no token and no proof. */
export function bareGet(
  name: string,
  port: number,
  program: Program | undefined,
  upstream: Upstream,
): Way {
  const url = `http://127.0.0.1:${port}${PATH}`
  const request = requestBytes({ method: 'GET', url, headers: {} })
  const check = answeredBy(upstream)
  const prepare = (count: number) => Array.from({ length: count }, () => request)
  return { name, port, program, check, prepare }
}

function answeredBy(upstream: Upstream): Check {
  return ({ body, status }) => {
    if (status !== 200 || body.toString() !== upstream.body)
      throw new Error(`answered ${status}: ${body}`)
  }
}
