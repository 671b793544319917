import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  ObservableCallback,
  UpDownCounter,
} from '@opentelemetry/api'
import { METRICS, type MetricName } from './metrics.ts'

type NameOf<K> = { [N in MetricName]: (typeof METRICS)[N][0] extends K ? N : never }[MetricName]

/** Seconds, as the semantic conventions have them for HTTP. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Makes the instruments of the table, each with its unit and meaning. */
export class Instruments {
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  counter(name: NameOf<'counter'>): Counter {
    return this.#meter.createCounter(name, optionsOf(name))
  }

  upDownCounter(name: NameOf<'updown'>): UpDownCounter {
    return this.#meter.createUpDownCounter(name, optionsOf(name))
  }

  histogram(name: NameOf<'histogram'>): Histogram {
    const advice = { explicitBucketBoundaries: SECONDS }
    return this.#meter.createHistogram(name, { ...optionsOf(name), advice })
  }

  /** Reads values when metrics are collected. `read` must not wait for anything. */
  observe(
    name: NameOf<'counter' | 'gauge' | 'updown'>,
    read: () => number | undefined | readonly (readonly [number, Attributes])[],
  ): void {
    const callback: ObservableCallback = (result) => {
      const value = read()
      if (typeof value === 'number') result.observe(value)
      else for (const [each, attributes] of value ?? []) result.observe(each, attributes)
    }
    this.#make(name).addCallback(callback)
  }

  #make(name: NameOf<'counter' | 'gauge' | 'updown'>) {
    const options = optionsOf(name)
    const [kind] = METRICS[name]
    if (kind === 'counter') return this.#meter.createObservableCounter(name, options)
    if (kind === 'updown') return this.#meter.createObservableUpDownCounter(name, options)
    return this.#meter.createObservableGauge(name, options)
  }
}

function optionsOf(name: MetricName): { readonly unit: string; readonly description: string } {
  const [, unit, description] = METRICS[name]
  return { unit, description }
}
