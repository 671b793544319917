import type { Static, TSchema } from 'typebox'
import type { InputSources, OperationCommand } from './command.ts'
import type { Source } from './source.ts'
import type { Terminal } from './terminal.ts'

/**
 * Role of those who may call an operation. `administrator`: members of that group. `person`: anyone
 * signed in; what they see is their own unless they are an administrator. `anyone`: no session is
 * needed.
 */
export type CallerRole = 'administrator' | 'person' | 'anyone'

/** Acts of `REMIT_PASSKEYS_FOR` that are operations of the management API. */
export type SignedAct = 'approvers' | 'keys' | 'policies'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Parts that schemas are made of. Handed in, since the library takes longer to load than a command to run. */
export type SchemaKit = typeof import('./schemas.ts')

/** Input and answer of an operation. */
export interface OperationSchemas {
  readonly params?: TSchema
  readonly query?: TSchema
  readonly body?: TSchema
  readonly answer: TSchema
}

/** `GET /groups`, below `/api/v1`. */
export type Route = `${Method} /${string}`

/** Request as an operation takes it, after its schemas have validated it. */
export interface OperationInput {
  readonly params: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

/** Facts about an operation that are no schema. */
export interface OperationFacts<R extends Route = Route, W extends CallerRole = CallerRole> {
  /** Name in the document, in confirmations and in the ledger; `<noun>.<verb>` when left out. */
  readonly id?: string
  readonly route: R
  readonly who: W
  /** Widens what someone or something may do, or cannot be taken back: outside `remit dev` confirmed by the person on a page (contract 10). */
  readonly widens: boolean
  /** Act of the setting `REMIT_PASSKEYS_FOR` that has this confirmed with a passkey. Absent: no setting does. */
  readonly signedAs?: SignedAct
  /** Confirmed in `remit dev`, too: an agent beside the person could do it with the person's session. */
  readonly confirmedInDevelopment?: true
  /** Asks a server outside before it writes: it is not rehearsed, and its meaning says how it would be refused. */
  readonly asksOutside?: true
  readonly says: string
  /** Says to the person who confirms this very request what it will do. An operation has this if it widens access. */
  readonly confirms?: (request: OperationInput) => string
  /** Media type of the answer; JSON when left out. */
  readonly mediaType?: string
  /** Most bytes of the body, where it is not what every operation takes. */
  readonly bodyBytes?: number
  /** Members of a large body that the act may get as their JSON text where they were objects: parsing them would keep others waiting. */
  readonly textMembers?: readonly string[]
}

/** Type that one part of the schemas describes. */
export type TypeOf<S, Part extends string> =
  S extends Readonly<Record<Part, infer T extends TSchema>> ? Static<T> : undefined

/** A command with the inputs of any operation. */
export type AnyCommand = OperationCommand<unknown, unknown, unknown, unknown> & {
  readonly takes?: {
    readonly [Part in 'params' | 'query' | 'body']?:
      | Source<unknown>
      | Readonly<Record<string, Source<unknown>>>
  }
}

/**
 * Description of one operation, without what it does: the route, the typed client and the command
 * are made from it.
 */
export interface OperationDescription<
  R extends Route = Route,
  W extends CallerRole = CallerRole,
  S extends OperationSchemas = OperationSchemas,
> extends OperationFacts<R, W> {
  readonly schemas: (kit: SchemaKit) => S
  readonly command?: (terminal: Terminal) => AnyCommand
}

type CommandOf<P, Q, B, A> = OperationCommand<P, Q, B, A> &
  (Record<never, never> extends InputSources<P, Q, B>
    ? { readonly takes?: InputSources<P, Q, B> }
    : { readonly takes: InputSources<P, Q, B> })

/** Administrators may call an operation that does not say who; whether it widens access says each one that does more than read. */
type StatedFacts<R extends Route, W extends CallerRole> = Omit<
  OperationFacts<R, W>,
  'who' | 'widens' | 'confirms'
> & {
  readonly who?: W
} & (R extends `GET ${string}` ? { readonly widens?: never } : { readonly widens: boolean })

/** Describes an operation; its command and its sentence are typed by its schemas. */
export function describe<
  const R extends Route,
  S extends OperationSchemas,
  const W extends CallerRole = 'administrator',
>(
  described: StatedFacts<R, W> & {
    readonly schemas: (kit: SchemaKit) => S
    readonly confirms?: (request: {
      readonly params: TypeOf<S, 'params'>
      readonly body: TypeOf<S, 'body'>
    }) => string
    readonly command?: (
      terminal: Terminal,
    ) => CommandOf<TypeOf<S, 'params'>, TypeOf<S, 'query'>, TypeOf<S, 'body'>, TypeOf<S, 'answer'>>
  },
): OperationDescription<R, NoInfer<W>, S> {
  const { who = 'administrator', widens = false, ...rest } = described
  return { ...rest, who, widens } as OperationDescription<R, W, S> // as: a runner gives the command what this very operation takes and answers
}

/** Operations about one thing, by the names of their commands, in the order of the help. */
export interface Noun<O extends Readonly<Record<string, OperationDescription>>> {
  /** Words behind `remit`: `groups`, `spaces threads`. */
  readonly name: string
  readonly says: string
  readonly operations: O
}

export function noun<const O extends Readonly<Record<string, OperationDescription>>>(
  described: Noun<O>,
): Noun<O> {
  return described
}
