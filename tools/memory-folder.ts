// A temporary folder in memory: nothing in it outlives the machine's next start, and no test but those of crashes minds.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
/** Bytes that all tests together stay below. Containers often have 64 MB there. */
const MIN_FREE = 4 * 1024 ** 3

/** Makes a folder in memory; nothing where there is none, it is small, or programs cannot be started from it. */
export function makeMemoryFolder(): string | undefined {
  if (!existsSync(SHARED_MEMORY)) return undefined
  const { bavail, bsize } = statfsSync(SHARED_MEMORY)
  if (bavail * bsize < MIN_FREE) return undefined
  const folder = mkdtempSync(join(SHARED_MEMORY, 'remit-tests-'))
  // PostgreSQL runs as another user when root starts it.
  chmodSync(folder, 0o711)
  if (startsPrograms(folder)) return folder
  rmSync(folder, { recursive: true })
  return undefined
}

function startsPrograms(folder: string): boolean {
  const program = join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o700 })
  const { status } = spawnSync(program)
  rmSync(program)
  return status === 0
}
