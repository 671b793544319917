import type { Secret } from '../lib/secret.ts'
import type { LooseInput } from '../operation-kit/command.ts'
import type {
  CallerRole,
  Method,
  Noun,
  OperationDescription,
  OperationFacts,
  OperationSchemas,
  Route,
  TypeOf,
} from '../operation-kit/operation.ts'
import * as kit from '../operation-kit/schemas.ts'
import type { Person } from '../people/index.ts'
import type { Session, UsedConfirmation } from '../sessions/index.ts'
import type { ApiParts } from './parts.ts'

export interface ApiCaller {
  readonly person: Person
  readonly session: Session
  readonly administrator: boolean
  /** Token of the session itself, which ends it. */
  readonly token: Secret
}

/** One operation of the management API: its description, and what it does. */
export interface Operation extends Omit<OperationFacts, 'id' | 'route'>, OperationSchemas {
  readonly id: string
  readonly method: Method
  /** Below `/api/v1`. */
  readonly path: string
  readonly run: (parts: ApiParts, caller: ApiCaller | undefined, input: Input) => Promise<unknown>
}

export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** The yes that was given to it; `undefined` where none is asked for. */
  readonly confirmed?: UsedConfirmation | undefined
}

/** An operation with its route and what it takes and answers as types: clients are typed by it. */
export interface TypedOperation<M extends Method, T extends string, P, Q, B, A> extends Operation {
  readonly method: M
  readonly path: T
  /** Never there: it only carries the types. */
  readonly types?: { readonly params: P; readonly query: Q; readonly body: B; readonly answer: A }
}

type Act<D> =
  D extends OperationDescription<Route, infer W, infer S>
    ? (
        parts: ApiParts,
        call: {
          readonly caller: W extends 'anyone' ? undefined : ApiCaller
          readonly params: TypeOf<S, 'params'>
          readonly query: TypeOf<S, 'query'>
          readonly body: TypeOf<S, 'body'>
          readonly confirmed?: UsedConfirmation | undefined
        },
      ) => Promise<LooseInput<TypeOf<S, 'answer'>>>
    : never

type DescribedOperation<D> =
  D extends OperationDescription<infer R, CallerRole, infer S>
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
): readonly DescribedOperation<O[keyof O]>[] {
  return Object.entries(operations).map(([verb, { command: _, route, schemas, ...facts }]) => {
    const id = `${noun}.${verb.replaceAll('-', '_')}`
    const [method, path] = route.split(' ')
    const run: Operation['run'] = (parts, caller, input) =>
      does[verb as keyof O](parts, { caller, ...input } as never) // as: validated against these very schemas
    return { id, ...facts, ...schemas(kit), method, path, run } as unknown as DescribedOperation<
      O[keyof O]
    > // as: the route says both
  })
}
