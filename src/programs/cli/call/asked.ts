import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { actionParts } from '../authority.ts'
import { CommandFailure, usage } from '../failure.ts'
import type { World } from '../world.ts'
import type { CallTarget } from './target.ts'

/**
 * Authority that a task is opened for. `said`: it was spelled out, so that a task opened for
 * something else does not do.
 */
export interface CallOptions {
  readonly details?: readonly object[]
  readonly scope?: string
  readonly said: boolean
  /** Method and path of the call, where it is asked for nothing else. */
  readonly request?: string
}

/**
 * Reads `--details`, `--scope` and `--all`. Without any of them: what this very call needs. With `--all`, everything that the API
 * offers; the grant is cut down to what the agent may ever be given there.
 */
export async function readAskedDetails(
  world: World,
  given: { readonly details?: string; readonly scope?: readonly string[]; readonly all?: true },
  target: CallTarget,
  method: string,
): Promise<CallOptions> {
  const { all, details, scope } = given
  if (all && (details !== undefined || scope !== undefined))
    throw usage('`--all` asks for everything; leave out `--details` and `--scope`', '--all')
  if (all) {
    // An MCP server tells strangers no actions; every action is in one of these groups.
    const named = target.actions.length > 0 ? target.actions : ['read', 'write']
    const parts = actionParts(named).map((actions) => detail(target, { actions }))
    return { details: parts, said: true }
  }
  if (details === undefined && scope === undefined) {
    const path = target.url.slice(target.identifier.length).replace(/[?#].*$/, '')
    const request = `${method}:${path.startsWith('/') ? path : `/${path}`}`
    return { details: [detail(target, { actions: [request] })], said: false, request }
  }
  return {
    said: true,
    ...(details === undefined ? {} : { details: await readDetails(world, details, target) }),
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
  }
}

async function readDetails(world: World, given: string, target: CallTarget): Promise<object[]> {
  const text = given.startsWith('@') ? await readTextFile(world, given.slice(1)) : given
  const value = parseDetailsText(text)
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((each) => {
    if (typeof each !== 'object' || each === null) throw notDetails()
    return detail(target, each)
  })
}

/** Type and location may be left out: the call says them. */
function detail(target: CallTarget, members: object): object {
  return { type: 'remit_call', locations: [target.identifier], bounds: [], ...members }
}

function parseDetailsText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notDetails()
  }
}

function notDetails(): CommandFailure {
  return usage(
    'The details are no JSON list of objects',
    `--details '{"actions":["orders.read"],"bounds":[{"path":"/order_id","op":"eq","value":"1042"}]}'`,
  )
}

/** A file that an argument names. */
export function readTextFile(world: World, file: string): Promise<string> {
  return readFile(resolve(world.directory, file), 'utf8').catch((cause: unknown) => {
    throw new CommandFailure('The file cannot be read', { detail: file, cause })
  })
}
