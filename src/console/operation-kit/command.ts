import type { Text, Value } from '../../platform/lib/terminal/text.ts'
import type { Source } from './source.ts'

/** Input as a client may give it: omitted options are `undefined` and are not sent, and lists may be read-only. */
export type LooseInput<T> = T extends readonly (infer Item)[]
  ? readonly LooseInput<Item>[]
  : T extends object
    ? {
        readonly [K in keyof T]: Record<never, never> extends Pick<T, K>
          ? LooseInput<T[K]> | undefined
          : LooseInput<T[K]>
      }
    : T

type Sources<T> = { readonly [K in keyof T]: Source<LooseInput<Exclude<T[K], undefined>>> }

type Part<Name extends string, T> = [T] extends [undefined]
  ? { readonly [K in Name]?: never }
  : Record<never, never> extends T
    ? { readonly [K in Name]?: Sources<T> | Source<LooseInput<T>> }
    : { readonly [K in Name]: Sources<T> | Source<LooseInput<T>> }

/**
 * Sources of each member of a request, or of a part as a whole; in the order of the command's
 * arguments and options.
 */
export type InputSources<P, Q, B> = Part<'params', P> & Part<'query', Q> & Part<'body', B>

/** An operation that was carried out, with the sent input. */
export interface DoneOperation<P, Q, B, A> {
  readonly answer: A
  readonly params: P
  readonly query: Q
  readonly body: B
  /** File that a private key was put into. */
  readonly keyFile: string | undefined
  /** Text that was typed for an input, by its term. */
  readonly typed: (term: string) => string
  /** Origin of the server. */
  readonly url: string
}

/** Command that does an operation. */
export interface OperationCommand<P, Q, B, A> {
  /** Sentence of the help; that of the operation when left out. */
  readonly says?: string
  /** The command without arguments, when left out. */
  readonly examples?: readonly string[]
  /** The command of its noun that is meant when none is named. */
  readonly usual?: true
  /** Inputs that are not sent, but choose the output. */
  readonly also?: readonly Source<unknown>[]
  /** At least one member of the body has to be given. */
  readonly some?: true
  /** Exit code of the command by its answer; 0 when left out. */
  ends?(answer: A): number
  /**
   * Question that has to be answered with yes before, unless a page asks it or `--yes` is there; and the title of the failure after
   * a no.
   */
  asks?(
    given: Pick<DoneOperation<P, Q, B, A>, 'params' | 'query' | 'body'>,
  ): readonly [string, string]
  /** Said on standard error when the server refuses it, by the members of the problem. */
  refused?(members: Readonly<Record<string, unknown>>): readonly Value[]
  /** Said on standard error once it is done. */
  said?(done: DoneOperation<P, Q, B, A>): Text | readonly Value[]
  /** Printed for a program instead of the answer. */
  json?(done: DoneOperation<P, Q, B, A>): unknown
  /** Content of a file: printed for a person exactly as it is, but for what would disturb a terminal. */
  content?(answer: A, done: DoneOperation<P, Q, B, A>): string
  /** Printed for a person. */
  prints?(answer: A, done: DoneOperation<P, Q, B, A>): readonly Value[] | Promise<readonly Value[]>
}
