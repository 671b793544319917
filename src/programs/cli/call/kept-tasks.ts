import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256url } from '../../../platform/lib/bytes.ts'
import type { OpenTask } from '../agent/client.ts'
import { missing, readPrivateFile, writePrivateFile } from '../private-file.ts'
import { stateDirectory } from '../server/sessions.ts'
import type { World } from '../world.ts'
import type { CallOptions } from './asked.ts'

/** Key that tells one piece of work from another. */
export interface TaskWork {
  readonly url: string
  readonly agent: string
  readonly person: string
  readonly purpose: string
}

/** A task that is open, with its key, so that the next call belongs to it too. */
export interface KeptTask extends TaskWork {
  readonly task: OpenTask
  /** Digest of the requested details, when they were spelled out. */
  readonly asked: string | undefined
  /** Method and path of the call that it was opened for. */
  readonly request?: string | undefined
}

/** The open tasks of this user account: one file each, mode 0600, gone when the task is. */
export class KeptTasks {
  readonly #world: World
  readonly #directory: string

  constructor(world: World) {
    this.#world = world
    this.#directory = join(stateDirectory(world), 'tasks')
  }

  /**
   * The open tasks of this work that may do something at a resource, and were asked for the same when that is said. Those first that
   * were opened for the same request, or at least for the same method.
   */
  async find(work: TaskWork, resource: string, asked: CallOptions): Promise<readonly KeptTask[]> {
    const wanted = callOptionsDigest(asked)
    const all = await this.list(work)
    return all
      .filter(
        ({ asked: before, task }) =>
          task.details.some(({ locations }) => locations.includes(resource)) &&
          (wanted === undefined || before === wanted),
      )
      .toSorted((a, b) => likeness(b, asked) - likeness(a, asked))
  }

  /** Newest first. Ended tasks are removed on the way. */
  async list(work: Partial<TaskWork>): Promise<readonly KeptTask[]> {
    const names = (await readdir(this.#directory).catch(missing)) ?? []
    const found: KeptTask[] = []
    for (const name of names.filter((each) => /^tsk_[A-Za-z0-9_-]+\.json$/.test(each))) {
      const text = await readPrivateFile(join(this.#directory, name))
      if (text === undefined) continue
      const kept = JSON.parse(text) as KeptTask // as: `keep` wrote it, and only we can write there
      if (kept.task.expiresAt <= this.#world.clock.now()) await this.forget(kept.task.id)
      else if (fits(kept, work)) found.push(kept)
    }
    return found.toSorted((a, b) => b.task.expiresAt - a.task.expiresAt)
  }

  async keep(work: TaskWork, task: OpenTask, asked: CallOptions): Promise<void> {
    const kept: KeptTask = {
      ...work,
      task,
      asked: callOptionsDigest(asked),
      request: asked.request,
    }
    await writePrivateFile(this.#path(task.id), `${JSON.stringify(kept)}\n`, this.#world.random)
  }

  async forget(taskId: string): Promise<void> {
    await rm(this.#path(taskId), { force: true })
  }

  #path(taskId: string): string {
    return join(this.#directory, `${taskId}.json`)
  }
}

function fits(kept: KeptTask, work: Partial<TaskWork>): boolean {
  return (['url', 'agent', 'person', 'purpose'] as const).every(
    (part) => work[part] === undefined || work[part] === kept[part],
  )
}

function likeness({ request }: KeptTask, asked: CallOptions): number {
  if (request === undefined || asked.request === undefined) return 0
  if (request === asked.request) return 2
  return request.split(':')[0] === asked.request.split(':')[0] ? 1 : 0
}

function callOptionsDigest({ details, said, scope }: CallOptions): string | undefined {
  if (!said) return undefined
  return sha256url(JSON.stringify([details ?? null, scope ?? null]))
}
