import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

export interface ServerProgram {
  /** Name that people call it by. */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: SpawnOptions['env']
  /** Answers as soon as the server is there. */
  readonly url: string
  /** Status that it answers as soon as it is there. Default: any that is a success. */
  readonly status?: number
  readonly startsWithinMs: number
}

/** Starts a server of others and waits until it answers. What it answers ends it, and all that it started. */
export async function startServerProgram(server: ServerProgram): Promise<() => Promise<void>> {
  const child = spawn(server.program, server.args, {
    cwd: server.cwd,
    // A group of its own, so that what it starts ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...server.env },
  })
  const stop = () => kill(child)
  process.once('exit', stop)
  child.once('exit', () => process.off('exit', stop))
  try {
    await isAnswering(child, server)
  } catch (error) {
    await end(child)
    throw error
  }
  return () => end(child)
}

async function isAnswering(child: ChildProcess, server: ServerProgram): Promise<void> {
  const { name, startsWithinMs, status, url } = server
  let said = ''
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const deadline = performance.now() + startsWithinMs
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${name} ended at its start:\n${said}`)
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (status === undefined ? answer?.ok : answer?.status === status) return
    await pause(500)
  }
  throw new Error(`${name} did not start within ${startsWithinMs / 1000} s:\n${said}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  kill(child) // it keeps nothing, so nothing is lost
  await ended
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
