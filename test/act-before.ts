import type { TestContext } from 'node:test'

/** An act in the moment between a look and the commit, signature or answer that relies on it. */
export interface Moment<T> {
  /** Methods that are counted together; each answers a promise. */
  readonly before: readonly (keyof T & string)[]
  /** The call that the act comes right before, from 1. Default: the first. */
  readonly nth?: number
  readonly act: () => Promise<unknown>
}

/**
 * Wraps an object, such as a store, so that an act of somebody else runs right before the nth call of its methods. Answers
 * the wrapped object, and whether the act ran: a test asserts that, or its moment never came.
 */
export function actBefore<T extends object>(
  target: T,
  { act, before, nth = 1 }: Moment<T>,
): { readonly wrapped: T; readonly hasActed: () => boolean } {
  let calls = 0
  const wrapped = new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!before.some((method) => method === name)) return value.bind(target) as unknown // as: the method itself
      return async (...given: unknown[]) => {
        if (++calls === nth) await act()
        return Reflect.apply(value, target, given) as unknown // as: what the method answers
      }
    },
  })
  return { wrapped, hasActed: () => calls >= nth }
}

/** Does the same in the object itself, which stands in a world already, until the test is over. */
export function actBeforeIn<T extends object>(
  t: Pick<TestContext, 'after'>,
  target: T,
  { act, before, nth = 1 }: Moment<T>,
): { readonly hasActed: () => boolean } {
  let calls = 0
  for (const name of before) {
    const value: unknown = target[name]
    if (typeof value !== 'function') throw new TypeError(`${name} is no method`)
    const own = Object.getOwnPropertyDescriptor(target, name)
    const acting = async (...given: unknown[]) => {
      if (++calls === nth) await act()
      return Reflect.apply(value, target, given) as unknown // as: what the method answers
    }
    Object.defineProperty(target, name, { value: acting, configurable: true, writable: true })
    t.after(() => {
      if (own) Object.defineProperty(target, name, own)
      else Reflect.deleteProperty(target, name)
    })
  }
  return { hasActed: () => calls >= nth }
}
