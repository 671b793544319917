import { readBooks } from '../../harness/books.ts'
import { RoundComparison } from '../../harness/compared.ts'
import { type Machine, versionOf } from '../../harness/machine.ts'
import type { Options } from '../../harness/options.ts'
import { publish } from '../../harness/publish.ts'
import type { Remit } from '../../harness/remit.ts'
import type { Rounds } from '../../harness/results.ts'
import { CONNECTIONS, MEASURES } from '../../harness/way.ts'
import { REVISION } from './offer.ts'
import { GET, VIA } from './ways.ts'

const CALL = 'tools/call: '
const SDK = '@modelcontextprotocol/sdk'

/** `calls`: how many had a decision of their own, by answer and by the books. */
export function report(of: {
  rounds: Rounds
  machine: Machine
  remit: Remit
  calls: number
  options: Options
}): void {
  const { calls, machine, options, remit, rounds } = of
  rounds.add('resident memory of the gateway afterwards', 'MiB', remit.program.residentMiB())
  const results = {
    benchmark: 'mcp',
    says: saying(calls, rounds),
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'seconds of load': options.seconds,
      rounds: options.rounds,
      'log level': 'info, to a file',
      'policy engine': 'compiled',
      policies: readBooks(remit.data).policies,
      'MCP revision': REVISION,
      [SDK]: versionOf(SDK),
      undici: versionOf('undici'),
    },
    series: rounds.all(),
    findings: findings(new RoundComparison(rounds)),
  }
  publish(results, options)
}

function saying(calls: number, rounds: Rounds): string {
  const withNginx = rounds.getMeasure(CALL + VIA.nginx, MEASURES.rate).values.length > 0
  return `MCP through the gateway of \`remit serve\` (Streamable HTTP, JSON answers, one session for each of ${CONNECTIONS} tasks). A call: each token verified once and each
proof, arguments typed, all gates, proof, intent and outcome durable in SQLite, a transaction token for the server. Bearer: tasks
that a code opened, so no proof. A list: what the task could call, kept by all that it depends on; 200 tools are one page. ${calls} calls, each with a decision of its own that the books have as answered.
Where nothing is said, the least MCP server that there can be stands behind gateway and proxies, with ten tools and beside the load. What is
called directly has the measured core for itself. What is refused in the open loop, because a server cannot keep up, is counted and has no latency.${withNginx ? '' : ' nginx: not run, it is not installed here.'}`
}

function findings(compared: RoundComparison) {
  const call = CALL + VIA.keyed
  const list = (count: number, via: string) => `tools/list of ${count}: ${via}`
  return [
    compared.aimedCost('processor time of a call, 32 connections', call, MEASURES.cpu, 400),
    compared.aimedCost('the same with Bearer', CALL + VIA.bearer, MEASURES.cpu, 300),
    compared.share(
      'share of nginx as a bare proxy, by processor time',
      call,
      CALL + VIA.nginx,
      'cpu',
    ),
    compared.share('share of undici as a bare proxy', call, CALL + VIA.undici),
    compared.share('the same by processor time', call, CALL + VIA.undici, 'cpu'),
    compared.share('share of the scripted server, called directly', call, CALL + VIA.direct),
    compared.share(
      "share of the official SDK's server, called directly",
      call,
      CALL + VIA.directSdk,
    ),
    compared.share(
      "the same, with the official SDK's server behind the gateway",
      CALL + VIA.sdk,
      CALL + VIA.directSdk,
    ),
    compared.share('Bearer, times DPoP', CALL + VIA.bearer, call),
    compared.share('one of 200 tools, times one of ten', CALL + VIA.many, call),
    compared.share('share of a plain GET through the same gateway', call, GET),
    ...[200, 1_000].flatMap((rate) =>
      (['p50', 'p99'] as const).map((of) => compared.added(of, rate, call, CALL + VIA.undici)),
    ),
    ...[10, 200].flatMap((count) => {
      const gateway = list(count, VIA.keyed)
      return [
        compared.share(
          `list of ${count}: share of the official SDK's server, called directly`,
          gateway,
          list(count, VIA.directSdk),
        ),
        compared.added('p50', 20, gateway, list(count, VIA.undici), `list of ${count}: `),
      ]
    }),
  ]
}
