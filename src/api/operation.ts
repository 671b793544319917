import type { Static, TSchema } from 'typebox'
import type { Secret } from '../lib/secret.ts'
import type { Loose } from '../operations/command.ts'
import type {
  Method,
  Noun,
  OperationDescription,
  Route,
  TypeOf,
  Who,
} from '../operations/operation.ts'
import * as kit from '../operations/schemas.ts'
import type { Person } from '../people/index.ts'
import type { Confirmed, Session } from '../sessions/index.ts'
import type { ApiParts } from './parts.ts'

export interface Caller {
  readonly person: Person
  readonly session: Session
  readonly administrator: boolean
  /** Token of the session itself, which ends it. */
  readonly token: Secret
}

/** One operation of the management API: what it is called, who may call it, and what it does. */
export interface Operation {
  /** `<noun>.<verb>`: name in the document, in confirmations and in the ledger. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/v1`. */
  readonly path: string
  readonly says: string
  readonly who: Who
  /** Widens what someone or something may do, or cannot be taken back: outside `remit dev` confirmed by the person on a page (contract 10). */
  readonly widens: boolean
  readonly params?: TSchema
  readonly query?: TSchema
  readonly body?: TSchema
  readonly answer: TSchema
  /** Media type of the answer; JSON when left out. */
  readonly mediaType?: string
  /** Most bytes of the body, where it is not what every operation takes. */
  readonly bodyBytes?: number
  /** Members of a large body that `run` may get as their JSON text where they were objects: parsing them would keep others waiting. */
  readonly textMembers?: readonly string[]
  readonly run: (parts: ApiParts, caller: Caller | undefined, input: Input) => Promise<unknown>
}

export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** The yes that was given to it; `undefined` where none is asked for. */
  readonly confirmed?: Confirmed | undefined
}

type Of<S> = S extends TSchema ? Static<S> : undefined

/** An operation with its route and what it takes and answers as types: clients are typed by it. */
export interface TypedOperation<M extends Operation['method'], T extends string, P, Q, B, A>
  extends Operation {
  readonly method: M
  readonly path: T
  /** Never there: it only carries the types. */
  readonly types?: { readonly params: P; readonly query: Q; readonly body: B; readonly answer: A }
}

interface Described<
  M extends Operation['method'],
  T extends string,
  P,
  Q,
  B,
  A extends TSchema,
  W extends Who,
> extends Omit<
    Operation,
    'method' | 'path' | 'params' | 'query' | 'body' | 'answer' | 'run' | 'who'
  > {
  readonly method: M
  readonly path: T
  readonly who: W
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer: A
  readonly run: (
    parts: ApiParts,
    call: {
      readonly caller: W extends 'anyone' ? undefined : Caller
      readonly params: Of<P>
      readonly query: Of<Q>
      readonly body: Of<B>
      readonly confirmed?: Confirmed | undefined
    },
  ) => Promise<Static<A>>
}

/** Describes an operation with the types of its schemas; the router validates before `run` sees anything. */
export function operation<
  const M extends Operation['method'],
  const T extends string,
  const W extends Who,
  A extends TSchema,
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
>(described: Described<M, T, P, Q, B, A, W>): TypedOperation<M, T, Of<P>, Of<Q>, Of<B>, Static<A>> {
  const { body, params, query, run, ...rest } = described
  return {
    ...rest,
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    run: (parts, caller, input) => run(parts, { caller, ...input } as Parameters<typeof run>[1]), // validated against these very schemas
  }
}

type Act<D> =
  D extends OperationDescription<Route, infer W, infer S>
    ? (
        parts: ApiParts,
        call: {
          readonly caller: W extends 'anyone' ? undefined : Caller
          readonly params: TypeOf<S, 'params'>
          readonly query: TypeOf<S, 'query'>
          readonly body: TypeOf<S, 'body'>
          readonly confirmed?: Confirmed | undefined
        },
      ) => Promise<Loose<TypeOf<S, 'answer'>>>
    : never

type Made<D> =
  D extends OperationDescription<infer R, Who, infer S>
    ? R extends `${infer M extends Method} ${infer T}`
      ? TypedOperation<
          M,
          T,
          TypeOf<S, 'params'>,
          TypeOf<S, 'query'>,
          TypeOf<S, 'body'>,
          TypeOf<S, 'answer'>
        >
      : never
    : never

/** Operations of a noun from their descriptions, each with what it does. */
export function acts<O extends Readonly<Record<string, OperationDescription>>>(
  { name: noun, operations }: Noun<O>,
  does: { readonly [K in keyof O]: Act<O[K]> },
): readonly Made<O[keyof O]>[] {
  return Object.entries(operations).map(([verb, { command: _, route, schemas, ...facts }]) => {
    const id = `${noun}.${verb.replaceAll('-', '_')}`
    const [method, path] = route.split(' ')
    const run: Operation['run'] = (parts, caller, input) =>
      does[verb as keyof O](parts, { caller, ...input } as never) // as: validated against these very schemas
    return { id, ...facts, ...schemas(kit), method, path, run } as unknown as Made<O[keyof O]> // as: the route says both
  })
}
