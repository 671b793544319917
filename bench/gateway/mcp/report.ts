import { readBooks } from '../../harness/books.ts'
import type { Machine } from '../../harness/machine.ts'
import type { Remit } from '../../harness/remit.ts'
import { type Finding, median, publish, type Rounds, ratio } from '../../harness/results.ts'
import { CONNECTIONS } from '../../harness/way.ts'
import { TOOLS } from './offer.ts'
import { GET, VIA } from './ways.ts'

const CALL = `tools/call: ${VIA.keyed}`
const LIST = `tools/list: ${VIA.keyed}`

/** Writes the results; `calls` is how many had a decision of their own, by answer and by the books. */
export function report(of: {
  rounds: Rounds
  machine: Machine
  remit: Remit
  calls: number
}): void {
  const { calls, machine, remit, rounds } = of
  rounds.add('resident memory of the gateway afterwards', 'MiB', remit.program.residentMiB())
  const compared = new Compared(rounds)
  publish({
    benchmark: 'mcp',
    says: `MCP through the gateway of \`remit serve\` (Streamable HTTP, JSON answers, one session for each of ${CONNECTIONS} tasks). A call: token and proof
verified, arguments typed, all gates, proof, intent and outcome durable in SQLite, a transaction token for the server. Bearer: a task that
a code opened, so no proof. A list: ${TOOLS.length} tools, of which the task could call every one, each asked of policies anew. ${calls} calls, each with a
decision of its own that the books have as answered. ${
      rounds.get(`tools/call: ${VIA.nginx}`).values.length > 0
        ? ''
        : 'nginx: not run, it is not installed here. '
    }Behind the gateway and the proxies stands the least MCP server that there can be, beside
the load on the other core; what is called directly has the measured core for itself.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'log level': 'info, to a file',
      'policy engine': 'cedar-wasm',
      policies: readBooks(remit.data).policies,
      'MCP revision': '2025-11-25',
    },
    series: rounds.all(),
    findings: [
      compared.share('share of nginx as a bare proxy, calls/s', CALL, `tools/call: ${VIA.nginx}`),
      compared.cost('the same by processor time', CALL, `tools/call: ${VIA.nginx}`),
      compared.share('share of undici as a bare proxy', CALL, `tools/call: ${VIA.undici}`),
      compared.share("share of the official SDK's server", CALL, `tools/call: ${VIA.sdk}`),
      compared.share('share of a plain GET through the same gateway', CALL, GET),
      compared.share('DPoP of Bearer', CALL, `tools/call: ${VIA.bearer}`),
      ...['p50 at 200', 'p99 at 200', 'p50 at 1000', 'p99 at 1000'].map((at) =>
        compared.added(`${at} calls/s`, CALL, `tools/call: ${VIA.undici}`),
      ),
      compared.share("a list: share of the official SDK's server", LIST, `tools/list: ${VIA.sdk}`),
      compared.added('p50 one at a time', LIST, `tools/list: ${VIA.undici}`, 'a list: '),
    ],
  })
}

class Compared {
  readonly #rounds: Rounds

  constructor(rounds: Rounds) {
    this.#rounds = rounds
  }

  share(name: string, one: string, other: string): Finding {
    const value = ratio(this.#rounds.get(one), this.#rounds.get(other))
    const aimed = name.startsWith('share of nginx')
    return { name, value, unit: '', ...(aimed ? { aim: '≥ 0.15', met: value >= 0.15 } : {}) }
  }

  /** What the share would be if the load were never the limit. */
  cost(name: string, one: string, other: string): Finding {
    const cpu = (each: string) => this.#rounds.get(`${each}, CPU`)
    return { name, value: ratio(cpu(other), cpu(one)), unit: '' }
  }

  added(at: string, one: string, other: string, what = ''): Finding {
    const value = this.#median(`${one}, ${at}`) - this.#median(`${other}, ${at}`)
    const most = 0.5 + this.#median('fsync of this disk, p50')
    const aim = `≤ 0.5 ms + one fsync (${most.toFixed(2)} ms)`
    const aimed = at === 'p50 at 1000 calls/s' ? { aim, met: value <= most } : {}
    return { name: `${what}added latency, ${at}`, value, unit: 'ms', ...aimed }
  }

  #median(series: string): number {
    return median(this.#rounds.get(series).values)
  }
}
