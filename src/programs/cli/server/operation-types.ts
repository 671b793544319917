import type { LooseInput } from '../../../console/operation-kit/command.ts'
import type { Method } from '../../../console/operation-kit/operation.ts'
import type { AnyOperation } from '../../operations.ts'

type OperationAt<M extends Method, P> = Extract<
  AnyOperation,
  { readonly method: M; readonly path: P }
>
type TypesAt<M extends Method, P> = NonNullable<OperationAt<M, P>['types']>

/** Routes below `/api/v1` that take this method, with `:name` for what `params` says. */
export type PathOf<M extends Method> = Extract<AnyOperation, { readonly method: M }>['path']

/**
 * Answer of an operation, as its schema has it: a member that is renamed there does not compile
 * here.
 */
export type AnswerOf<M extends Method, P> = TypesAt<M, P>['answer']

/** Input of an operation. */
export type InputOf<M extends Method, P> = Part<'params', TypesAt<M, P>['params']> &
  Part<'query', TypesAt<M, P>['query']> &
  Part<'body', TypesAt<M, P>['body']>

/** A part that may be empty may be left out. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? { readonly [K in Name]?: undefined }
  : Record<never, never> extends T
    ? { readonly [K in Name]?: LooseInput<T> }
    : { readonly [K in Name]: LooseInput<T> }
