import { type OpenTask, resourceToken } from '../../../src/programs/cli/agent/client.ts'
import { ProofMaker } from '../../harness/proofs.ts'
import type { CodeClient, Tokens } from './code-grant.ts'

type Fields = Readonly<Record<string, string>>

/** Caller for one task. */
export interface Caller {
  /** Gets a token that lasts for the next run. */
  refresh(): Promise<void>
  /** Header fields for one request: the token, with a proof of its own where it is bound to a key. */
  credentials(method: string): Fields
}

/** Caller without credentials, for a server that asks for none. */
export const ANYONE: Caller = { refresh: async () => {}, credentials: () => ({}) }

/** A task of an agent with a key: a resource token and a fresh proof for each request (RFC 9449). */
export function keyedCaller(task: OpenTask, resource: string): Caller {
  const proofs = new ProofMaker(task)
  let accessToken = ''
  return {
    async refresh() {
      accessToken = (await resourceToken(task, resource)).token
    },
    credentials: (method) => ({
      authorization: `DPoP ${accessToken}`,
      dpop: proofs.make({ method, url: resource, accessToken }),
    }),
  }
}

/** A task that a code opened. */
export function bearerCaller(client: CodeClient, first: Tokens): Caller {
  let tokens = first
  return {
    async refresh() {
      tokens = await client.refresh(tokens)
    },
    credentials: () => ({ authorization: `Bearer ${tokens.access_token}` }),
  }
}
