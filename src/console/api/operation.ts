import type { Person } from '../../identity/people/index.ts'
import type { ChangeSummary, Session, UsedConfirmation } from '../../identity/sessions/index.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { LooseInput } from '../operation-kit/command.ts'
import type {
  CallerRole,
  Method,
  Noun,
  OperationDescription,
  OperationFacts,
  OperationInput,
  OperationSchemas,
  Route,
  TypeOf,
} from '../operation-kit/operation.ts'
import * as kit from '../operation-kit/schemas.ts'
import type { ApiParts } from './parts.ts'

export interface ApiCaller {
  readonly person: Person
  readonly session: Session
  readonly administrator: boolean
  /** Token of the session itself, which ends it. */
  readonly token: Secret
}

/** Difference that an act would make to the present state, for the person who confirms it. @throws Problem it would be refused, as things are */
export type MeaningReader = (
  parts: ApiParts,
  given: OperationInput,
  caller: Person,
) => Promise<ChangeSummary>

/** One operation of the management API: its description, and what it does. */
export interface Operation extends Omit<OperationFacts, 'id' | 'route'>, OperationSchemas {
  readonly id: string
  readonly method: Method
  /** Below `/api/v1`. */
  readonly path: string
  /** Absent: its sentence alone says it. */
  readonly means?: MeaningReader | undefined
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

/** Function that does an operation; where its sentence alone does not say it, with what it means. */
type Does<D> = Act<D> | { readonly means: MeaningReader; readonly run: Act<D> }

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

/** Operations of a noun from their descriptions, each with what it does, and what it means to the person who confirms it. */
export function acts<O extends Readonly<Record<string, OperationDescription>>>(
  { name: noun, operations }: Noun<O>,
  does: { readonly [K in keyof O]: Does<O[K]> },
): readonly DescribedOperation<O[keyof O]>[] {
  return Object.entries(operations).map(([verb, { command: _, route, schemas, ...stated }]) => {
    const id = `${noun}.${verb.replaceAll('-', '_')}`
    const [method, path] = route.split(' ')
    const act = does[verb as keyof O]
    const { means, run: done } = 'means' in act ? act : { means: undefined, run: act }
    const run: Operation['run'] = (parts, caller, input) =>
      done(parts, { caller, ...input } as never) // as: validated against these very schemas
    const facts = { id, ...stated, ...schemas(kit), method, path, means, run }
    return facts as unknown as DescribedOperation<O[keyof O]> // as: the route says both
  })
}
