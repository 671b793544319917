import { type OpenTask, resourceToken } from '../../src/programs/cli/agent/client.ts'
import type { DecisionSet } from '../harness/decided.ts'
import type { Check } from '../harness/load.ts'
import type { Program } from '../harness/program.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import type { Remit } from '../harness/remit.ts'
import type { Way } from '../harness/way.ts'
import type { Upstream } from './upstream.ts'

const PATH = '/orders/orders/1042'
/** Tokens that are asked for at once: far fewer than a server works on at once. */
const AT_ONCE = 32

/** Remit of which all is known that is needed to call it; its program only where it is measured. */
type ServedRemit = Omit<Remit, 'program'> & Partial<Pick<Remit, 'program'>>
type Headers = Readonly<Record<string, string>>

/** One order, read through the gateway: a fresh token for every task, a proof for every request. */
export function gatewayGet(
  of: {
    name: string
    remit: ServedRemit
    upstream: Pick<Upstream, 'body'>
    decided: DecisionSet
    /** True: every proof has a nonce that the gateway gave. Default: none. */
    isNonced?: boolean
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
      const tokens: string[] = []
      for (let from = 0; from < tasks.length; from += AT_ONCE)
        tokens.push(
          ...(await Promise.all(
            tasks
              .slice(from, from + AT_ONCE)
              .map(async (task) => (await resourceToken(task, resource)).token),
          )),
        )
      const nonce = of.isNonced ? await nonceOf(url, tokens[0] ?? '', makers[0]) : undefined
      return Array.from({ length: count }, (_, i) => {
        const accessToken = tokens[i % tokens.length] ?? ''
        const proof =
          makers[i % makers.length]?.make({ method: 'GET', url, accessToken, nonce }) ?? ''
        const headers = { authorization: `DPoP ${accessToken}`, dpop: proof, ...more }
        return requestBytes({ method: 'GET', url, headers })
      })
    },
  }
}

/** The nonce that a gateway gives to whoever comes without (RFC 9449, section 9); good for some minutes. */
async function nonceOf(
  url: string,
  accessToken: string,
  maker: ProofMaker | undefined,
): Promise<string> {
  const dpop = maker?.make({ method: 'GET', url, accessToken }) ?? ''
  const answer = await fetch(url, { headers: { authorization: `DPoP ${accessToken}`, dpop } })
  await answer.body?.cancel()
  const nonce = answer.headers.get('dpop-nonce')
  if (!nonce) throw new Error(`a proof without a nonce was answered ${answer.status}`)
  return nonce
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

function answeredBy(upstream: Pick<Upstream, 'body'>): Check {
  return ({ body, status }) => {
    if (status !== 200 || body.toString() !== upstream.body)
      throw new Error(`answered ${status}: ${body}`)
  }
}
