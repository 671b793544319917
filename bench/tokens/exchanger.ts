import type { OpenTask } from '../../src/programs/cli/agent/client.ts'
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../../src/programs/cli/agent/client.ts'
import { readBooks } from '../harness/books.ts'
import type { Answer } from '../harness/connection.ts'
import { type Check, closedLoop, type Load } from '../harness/load.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import type { Remit } from '../harness/remit.ts'

/** The agents of one server: as many tasks as connections, which exchange their task tokens and check what they get. */
export class Exchanger {
  readonly #remit: Omit<Remit, 'program'>
  readonly #tasks: readonly { readonly task: OpenTask; readonly maker: ProofMaker }[]
  readonly #issued = new Set<string>()

  constructor(remit: Omit<Remit, 'program'>, tasks: readonly OpenTask[]) {
    this.#remit = remit
    this.#tasks = tasks.map((task) => ({ task, maker: new ProofMaker(task) }))
  }

  /** Requests with a fresh proof each; good for a minute. */
  prepare(count: number): Buffer[] {
    const url = `${this.#remit.issuer}/oauth/token`
    return Array.from({ length: count }, (_, i) => {
      const of = this.#tasks[i % this.#tasks.length]
      if (!of) throw new Error('there are no tasks')
      const body = new URLSearchParams({
        grant_type: TOKEN_EXCHANGE,
        client_id: of.task.id,
        subject_token: of.task.token,
        subject_token_type: ACCESS_TOKEN,
        resource: `${this.#remit.gateway}/orders`,
      })
      const proof = of.maker.make({ method: 'POST', url })
      const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop: proof }
      return requestBytes({ method: 'POST', url, headers, body: body.toString() })
    })
  }

  /** Checks that an answer is a token that nobody else has. */
  readonly check: Check = (answer) => {
    mustBeOk(answer)
    const { access_token: token } = JSON.parse(answer.body.toString())
    if (this.#issued.has(token)) throw new Error('a token was issued twice')
    this.#issued.add(token)
  }

  run(requests: readonly Buffer[]): Promise<Load> {
    const { check } = this
    return closedLoop(this.#remit.issuerPort, requests, { connections: this.#tasks.length, check })
  }

  /** Every proof of these was used in a run before: none of them may be good for a token. */
  async mustBeRefused(requests: readonly Buffer[]): Promise<void> {
    await closedLoop(this.#remit.issuerPort, requests, {
      connections: 4,
      check({ body, status }) {
        if (status !== 400 || !body.includes('proof.replayed'))
          throw new Error(`a replayed proof was answered ${status} ${body}`)
      },
    })
  }

  /** Counts the tokens that were issued; each has to have its record. */
  recorded(): number {
    const recorded = readBooks(this.#remit.data).records.get('token.issued') ?? 0
    if (recorded !== this.#issued.size)
      throw new Error(`${this.#issued.size} tokens were issued and ${recorded} recorded`)
    return recorded
  }
}

export function mustBeOk({ body, status }: Answer): void {
  if (status !== 200) throw new Error(`answered ${status}: ${body}`)
}
