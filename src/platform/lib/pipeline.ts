import { activeTrace } from './trace.ts'

/**
 * Value that is there, or will be. `await` takes both. What runs for every call asks first
 * (`instanceof Promise`), so that it waits only where there is something to wait for: a promise for
 * a value that was at hand costs more than most steps do.
 */
export type Awaitable<T> = T | Promise<T>

/** Goes on with a value: at once where it is there. */
export function andThen<T, R>(value: Awaitable<T>, go: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(go) : go(value)
}

/** A named step: takes the facts known so far, returns those known after it. Throwing ends the call with a refusal. */
export interface PipelineStep<In, Out, Ports> {
  readonly name: string
  readonly run: (known: In, ports: Ports) => Awaitable<Out>
}

/** Steps in the order they happen, typed so that a step cannot come before what it needs. */
export interface Pipeline<In, Out, Ports> {
  readonly names: readonly string[]
  next<Next>(name: string, run: PipelineStep<Out, Next, Ports>['run']): Pipeline<In, Next, Ports>
  run(input: In, ports: Ports): Promise<Out>
}

export function startingWith<In, Out, Ports>(
  name: string,
  run: PipelineStep<In, Out, Ports>['run'],
): Pipeline<In, Out, Ports> {
  return inOrder<In, Out, Ports>([{ name, run: run as AnyRun }]) // as: `inOrder` hands it what it takes
}

/** A step whose types `next` has checked. */
type AnyRun = (known: unknown, ports: unknown) => unknown

function inOrder<In, Out, Ports>(
  steps: readonly { readonly name: string; readonly run: AnyRun }[],
): Pipeline<In, Out, Ports> {
  return {
    names: steps.map(({ name }) => name),
    next: (name, run) => inOrder([...steps, { name, run: run as AnyRun }]), // as: it takes what the one before returns
    run: async (input, ports) => {
      // Each step is a span of the request's trace, where it has one.
      const trace = activeTrace()
      let known: unknown = input
      for (const { name, run } of steps) {
        const before = known
        const after = trace ? trace.step(name, () => run(before, ports)) : run(before, ports)
        known = after instanceof Promise ? await after : after
      }
      return known as Out // as: of the last step
    },
  }
}
