import { activeTrace } from './trace.ts'

/** A named step: takes what is known, returns what is known after it. Throwing ends the call with a refusal. */
export interface PipelineStep<In, Out, Ports> {
  readonly name: string
  readonly run: (known: In, ports: Ports) => Promise<Out> | Out
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
  const step = { name, run }
  return chain([name], async (input: In, ports: Ports) => runTraced(step, input, ports))
}

function chain<In, Out, Ports>(
  names: readonly string[],
  runAll: (input: In, ports: Ports) => Promise<Out>,
): Pipeline<In, Out, Ports> {
  return {
    names,
    next: (name, run) => {
      const step = { name, run }
      return chain([...names, name], async (input, ports) =>
        runTraced(step, await runAll(input, ports), ports),
      )
    },
    run: runAll,
  }
}

/** Runs a step as a span of the request's trace, where it has one. */
function runTraced<In, Out, Ports>(
  { name, run }: PipelineStep<In, Out, Ports>,
  known: In,
  ports: Ports,
): Promise<Out> | Out {
  const trace = activeTrace()
  return trace ? trace.step(name, () => run(known, ports)) : run(known, ports)
}
