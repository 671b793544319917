import type { Answer } from './answer.ts'
import type { Amount } from './answers/amounts.ts'
import type { AnswerWork } from './answers/answering.ts'
import type { ArgumentTexts, ReadArgument, ReadArguments } from './arguments.ts'
import type { ApiRequest } from './incoming.ts'

/** An agent of another organization: known by issuer and subject together. */
export interface Actor {
  readonly issuer: string
  readonly subject: string
}

/** A call that Remit permitted: who, for whom, and what. */
export interface RemitCall {
  readonly decisionId: string
  readonly action: string
  /**
   * Person whom the agent acts for; `undefined` when it works autonomously. Issuer and subject are
   * those of the identity provider, and left out where people have a name for this API alone.
   */
  readonly person:
    | { readonly id: string; readonly issuer?: string; readonly subject?: string }
    | undefined
  /** The agent that acts. */
  readonly agent: string
  /** Ids of that agent, then of those that stand behind it. */
  readonly chain: readonly string[]
  /**
   * Agents of other organizations that acted before all of those, the latest first, by the word of an issuer that Remit trusts. For
   * the books: none of them is one of the chain, whatever they are called.
   */
  readonly actors?: readonly Actor[]
  readonly task: { readonly id: string; readonly purpose: string; readonly parent?: string }
  readonly purpose: string
  /** Behind the gateway: its address, then those of services that passed the call on. */
  readonly via?: readonly string[]
  /** Further claims that an administrator mapped for this API; left out: none. */
  readonly ext?: Readonly<Record<string, unknown>>
  /** Arguments as the catalog types them. Numbers and dates are the text that came. */
  readonly arguments: ArgumentTexts
}

/** Operation of the API as Remit knows it. */
export interface Route {
  /** Its name in the catalog, such as `orders.refund`. */
  readonly action: string
  /** Its path as the API sees it, `/orders/{order_id}/refunds`. Needed behind the gateway. */
  readonly path?: string
  /**
   * The arguments, where they are not simply what stands in path, query and body: a member that the catalog does not type has
   * to be left out, one that it calls differently renamed. Begin with `all`.
   */
  readonly arguments?: (read: ReadArguments) => Readonly<Record<string, ReadArgument>>
  /**
   * False: it answers something else than JSON, such as a stream. Direct mode: where policies oblige to change what it answers, the
   * call is denied before it runs. Default: true; what then is no JSON is withheld after it ran.
   */
  readonly json?: boolean
  /** True when it changes anything, so that a permit counts once. Default: by the method. */
  readonly write?: boolean
}

/** End of a call. Without anything: it began, and its progress is unknown. */
export interface CallEnd {
  /** Status that the API answered. */
  readonly status?: number
  /** False: it did not begin, because the client has gone. */
  readonly begun?: boolean
  /** Amounts in the answer that the permit settles. */
  readonly amounts?: readonly Amount[]
}

/** Result of looking at a request: it may run, or it gets this answer. */
export type Admission =
  | {
      readonly admitted: true
      readonly call: RemitCall
      /** The body, parsed from what was decided on. */
      readonly body: unknown
      /** The body as it came. */
      readonly text: string | undefined
      /** Work that has to be done with the answer; nothing: it is sent as it comes. */
      readonly answering?: AnswerWork | undefined
      /** To be called when it has ended, whatever happened. Never rejects. */
      readonly ended: (ended: CallEnd) => Promise<void>
    }
  | { readonly admitted: false; readonly answer: Answer }

/** Lets through what Remit permits. `behindGateway` and `direct` make one; the frameworks' adapters use it. */
export interface Guard {
  /** Makes the guard of one operation. Never rejects: what fails is an answer. */
  for(route?: Route): (incoming: ApiRequest) => Promise<Admission>
  /** Bytes of a body, at most. */
  readonly maxBodyBytes: number
  /** Resolves when everything that is to be reported was. */
  settled(): Promise<void>
}
