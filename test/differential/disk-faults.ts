import { type FileHandle, open } from 'node:fs/promises'
import { mock } from 'node:test'

/**
 * A fault of the disk on which bodies wait, at one of its writes or reads, the first being 0. `half`: less than all is written, which
 * is none. `lost`: it says that it wrote, and did not. `changed`: another byte is read than was written. `gone`: there is no more.
 */
export type DiskFault =
  | { readonly on: 'write'; readonly at: number; readonly how: 'fails' | 'half' | 'lost' }
  | { readonly on: 'read'; readonly at: number; readonly how: 'fails' | 'changed' | 'gone' }

/** Puts the fault in front of the disk; answers whether a body met it. */
export async function withDiskFault(fault: DiskFault, act: () => Promise<void>): Promise<boolean> {
  let count = 0
  let met = false
  const isNow = () => {
    const now = count++ === fault.at
    met ||= now
    return now
  }
  const handle = await open(import.meta.filename)
  const files: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  // With a position: others write otherwise.
  const mocked =
    fault.on === 'write'
      ? mock.method(files, 'write', faultyWrite(files.write, fault.how, isNow))
      : mock.method(files, 'read', faultyRead(files.read, fault.how, isNow))
  try {
    await act()
  } finally {
    mocked.mock.restore()
  }
  return met
}

type Io = (...given: readonly unknown[]) => Promise<unknown>

function faultyWrite(own: unknown, how: 'fails' | 'half' | 'lost', isNow: () => boolean) {
  const write = own as Io // as: called with what it was called with
  return function (this: FileHandle, ...given: unknown[]): Promise<unknown> {
    const [bytes, from, length, at] = given
    if (given.length !== 4 || !isNow()) return Reflect.apply(write, this, given)
    if (how === 'fails') return Promise.reject(new Error('ENOSPC'))
    if (how === 'lost') return Promise.resolve({ bytesWritten: length, buffer: bytes })
    return Reflect.apply(write, this, [bytes, from, Math.ceil(Number(length) / 2), at])
  }
}

function faultyRead(own: unknown, how: 'fails' | 'changed' | 'gone', isNow: () => boolean) {
  const read = own as Io // as: likewise
  return async function (this: FileHandle, ...given: unknown[]): Promise<unknown> {
    if (given.length !== 4 || !isNow()) return Reflect.apply(read, this, given)
    if (how === 'fails') throw new Error('EIO')
    if (how === 'gone') return { bytesRead: 0, buffer: given[0] }
    const found = await Reflect.apply(read, this, given)
    const [buffer] = given
    if (Buffer.isBuffer(buffer)) buffer[0] = (buffer[0] ?? 0) ^ 1
    return found
  }
}
