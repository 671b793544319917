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
export type MeaningReader<P = ApiParts> = (
  parts: P,
  given: OperationInput,
  caller: Person,
) => Promise<ChangeSummary>

/** One operation of the management API: its description, and what it does with its parts. */
export interface Operation<P = ApiParts>
  extends Omit<OperationFacts, 'id' | 'route'>,
    OperationSchemas {
  readonly id: string
  readonly method: Method
  /** Below `/api/v1`. */
  readonly path: string
  /** Absent: its sentence alone says it. */
  readonly means?: MeaningReader<P> | undefined
  readonly run: (parts: P, caller: ApiCaller | undefined, input: Input) => Promise<unknown>
}

export interface Input {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** The yes that was given to it; `undefined` where none is asked for. */
  readonly confirmed?: UsedConfirmation | undefined
}

/** An operation with its route and what it takes and answers as types: clients are typed by it. */
export interface TypedOperation<M extends Method, T extends string, P, Q, B, A, Parts = ApiParts>
  extends Operation<Parts> {
  readonly method: M
  readonly path: T
  /** Never there: it only carries the types. */
  readonly types?: { readonly params: P; readonly query: Q; readonly body: B; readonly answer: A }
}

/** Function that does an operation; where its sentence alone does not say it, with what it means. */
type Does<D, P> = Act<D, P> | { readonly means: MeaningReader<P>; readonly run: Act<D, P> }

type Act<D, P> =
  D extends OperationDescription<Route, infer W, infer S>
    ? (
        parts: P,
        call: {
          readonly caller: W extends 'anyone' ? undefined : ApiCaller
          readonly params: TypeOf<S, 'params'>
          readonly query: TypeOf<S, 'query'>
          readonly body: TypeOf<S, 'body'>
          readonly confirmed?: UsedConfirmation | undefined
        },
      ) => Promise<LooseInput<TypeOf<S, 'answer'>>>
    : never

type DescribedOperation<D, P> =
  D extends OperationDescription<infer R, CallerRole, infer S>
    ? R extends `${infer M extends Method} ${infer T}`
      ? TypedOperation<
          M,
          T,
          TypeOf<S, 'params'>,
          TypeOf<S, 'query'>,
          TypeOf<S, 'body'>,
          TypeOf<S, 'answer'>,
          P
        >
      : never
    : never

type Operations = Readonly<Record<string, OperationDescription>>

/** Operations of a noun from their descriptions, each with what it does, and what it means to the person who confirms it. */
export function acts<O extends Operations>(
  noun: Noun<O>,
  does: { readonly [K in keyof O]: Does<O[K], ApiParts> },
): readonly DescribedOperation<O[keyof O], ApiParts>[] {
  return actsWith<ApiParts>()(noun, does)
}

/** Makes `acts` for operations that work with other parts, too. */
export function actsWith<P extends ApiParts>() {
  return <O extends Operations>(
    { name: noun, operations }: Noun<O>,
    does: { readonly [K in keyof O]: Does<O[K], P> },
  ): readonly DescribedOperation<O[keyof O], P>[] =>
    Object.entries(operations).map(([verb, { command: _, route, schemas, ...stated }]) => {
      const id = `${noun}.${verb.replaceAll('-', '_')}`
      const [method, path] = route.split(' ')
      const act = does[verb as keyof O]
      const { means, run: done } = 'means' in act ? act : { means: undefined, run: act }
      const run: Operation<P>['run'] = (parts, caller, input) =>
        done(parts, { caller, ...input } as never) // as: validated against these very schemas
      const facts = { id, ...stated, ...schemas(kit), method, path, means, run }
      return facts as unknown as DescribedOperation<O[keyof O], P> // as: the route says both
    })
}

/** Gives operations the parts that they work with besides those of the API. */
export function withParts<Own extends object>(
  operations: readonly Operation<ApiParts & Own>[],
  own: Own,
): readonly Operation[] {
  return operations.map(({ means, run, ...facts }) => ({
    ...facts,
    means: means && ((parts, given, caller) => means({ ...parts, ...own }, given, caller)),
    run: (parts, caller, input) => run({ ...parts, ...own }, caller, input),
  }))
}
