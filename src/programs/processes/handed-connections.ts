import type { ChildProcess } from 'node:child_process'

/** Connection that is on its way to another process: open here, too, until that one says that it has taken it. */
interface ConnectionHandle {
  /** Negative once it is closed here. */
  readonly fd: number
  close(): void
}

/**
 * Connections that a process was handed and has not taken. `node:cluster` forgets them when the process ends, and they stay open: who
 * called over one would wait for ever.
 */
export class HandedConnections {
  readonly #handles = new Set<ConnectionHandle>()

  constructor(process: ChildProcess) {
    const { send } = process
    process.send = (...args: unknown[]): boolean => {
      const [, handle] = args
      if (isConnection(handle)) this.#add(handle)
      return Reflect.apply(send, process, args)
    }
  }

  /** Closes those that were never taken. */
  close(): void {
    for (const handle of this.#handles) if (handle.fd >= 0) handle.close()
    this.#handles.clear()
  }

  #add(handle: ConnectionHandle): void {
    for (const each of this.#handles) if (each.fd < 0) this.#handles.delete(each)
    this.#handles.add(handle)
  }
}

function isConnection(value: unknown): value is ConnectionHandle {
  return typeof value === 'object' && value !== null && 'fd' in value && 'close' in value
}
