import { closeSync, fdatasyncSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { percentile } from './load.ts'

/**
 * Measures one write of 4 KiB that is forced to the disk, in milliseconds: no durable answer is
 * faster.
 */
export function measureFsync(folder: string, count = 300): { p50: number; p99: number } {
  const file = join(folder, 'fsync.tmp')
  const descriptor = openSync(file, 'w')
  try {
    const page = Buffer.alloc(4096, 1)
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const began = performance.now()
      writeSync(descriptor, page, 0, page.length, fstatSync(descriptor).size)
      fdatasyncSync(descriptor)
      times[i] = performance.now() - began
    }
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
  } finally {
    closeSync(descriptor)
    unlinkSync(file)
  }
}
