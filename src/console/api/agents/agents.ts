import {
  addCertificateName,
  listCertificateNames,
  removeCertificateName,
} from '../../../identity/agent-authentication/index.ts'
import {
  addKey,
  findAgent,
  linkClient,
  recertifyAgent,
  registerAgent,
  resumeAgent,
  retireAgent,
  revokeKey,
  setCeiling,
  setCertification,
  setIdleMinutes,
  setNotifyAt,
  setOwner,
  setTrust,
  suspendAgent,
  unlinkClient,
} from '../../../identity/agents/index.ts'
import { agentIdOf } from '../../../platform/lib/client-url.ts'
import { closeAllTasks } from '../../../tasks/tasks/index.ts'
import { AGENTS } from '../../api-operations/agents/agents.ts'
import { type ApiCaller, acts } from '../operation.ts'
import { withOwnNames } from '../own-names.ts'
import type { ApiParts } from '../parts.ts'
import { listedAgents } from './list.ts'
import { meaningOfAgent, meaningOfResumedAgent } from './meaning-of-agent.ts'
import { requireAgent, shownAgent } from './shown-agent.ts'

interface Call {
  readonly caller: ApiCaller
  readonly params: { readonly name: string }
}

/** Does something to the agent of the path, and shows how it is then. */
function change<C extends Call>(
  act: (
    parts: ApiParts['agents'],
    agent: { readonly agentId: string; readonly by: string },
    call: C,
    all: ApiParts,
  ) => Promise<unknown>,
) {
  return async (parts: ApiParts, call: C) => {
    const { caller, params } = call
    await act(parts.agents, { agentId: params.name, by: caller.person.id }, call, parts)
    return shownAgent(parts, params.name)
  }
}

async function certificateNames(parts: Pick<ApiParts, 'agents'>, agentId: string) {
  await requireAgent(parts, agentId)
  return { certificate_names: await listCertificateNames(parts.agents.storage.read, agentId) }
}

export const AGENT_OPERATIONS = acts(AGENTS, {
  list: listedAgents,
  show: (parts, { caller, params }) =>
    shownAgent(parts, params.name, caller.administrator ? undefined : caller.person.id),
  add: {
    means: meaningOfAgent,
    run: async (parts, { body, caller }) => {
      const own = await withOwnNames(parts, body)
      const { clients = [], keys = [], may_delegate: mayDelegate, owner, ...rest } = own
      await registerAgent(parts.agents, {
        ...rest,
        ownerId: owner ?? caller.person.id,
        mayDelegate,
        keys,
        clients: clients.map(({ client_id, issuer }) => ({ issuer, clientId: client_id })),
        by: caller.person.id,
      })
      return shownAgent(parts, agentIdOf(body.name))
    },
  },
  limits: {
    means: meaningOfAgent,
    run: change(async (agents, agent, { body }, all) => {
      const own = await withOwnNames(all, body)
      const { ceiling, idle_minutes: idleMinutes, may_delegate: mayDelegate, trust } = own
      if (ceiling !== undefined || mayDelegate !== undefined) {
        const known = await findAgent(agents.storage.read, agent.agentId)
        await setCeiling(agents, {
          ...agent,
          ceiling: ceiling ?? known?.ceiling ?? [],
          mayDelegate,
        })
      }
      if (trust !== undefined) await setTrust(agents, { ...agent, trust })
      if (idleMinutes !== undefined) await setIdleMinutes(agents, { ...agent, idleMinutes })
    }),
  },
  notify: change((agents, agent, { body }, { development: allowLoopback }) =>
    setNotifyAt(agents, { ...agent, notifyAt: body.at, allowLoopback }),
  ),
  owner: change((agents, agent, { body: { owner: ownerId } }) =>
    setOwner(agents, { ...agent, ownerId }),
  ),
  certification: change((agents, agent, { body: { days } }) =>
    setCertification(agents, { ...agent, days }),
  ),
  recertify: change((agents, agent, { caller }) =>
    recertifyAgent(agents, {
      ...agent,
      mayFor: ({ ownerId }) => caller.administrator || ownerId === caller.person.id,
    }),
  ),
  suspend: change(async (agents, agent, { body }, { decisions }) => {
    const { close_tasks: closes = false, reason = 'suspend by an administrator' } = body
    await suspendAgent(agents, { ...agent, reason })
    // After it: no task is opened any more, so none is left over.
    const why = { by: agent.by, reason: 'administrator', note: reason }
    if (closes) await closeAllTasks(decisions, why, { agentId: agent.agentId })
  }),
  resume: {
    means: meaningOfResumedAgent,
    run: change((agents, agent, { body: { reason = 'resume by an administrator' } }) =>
      resumeAgent(agents, { ...agent, reason }),
    ),
  },
  retire: change((agents, agent, { body: { reason = 'retire by an administrator' } }) =>
    retireAgent(agents, { ...agent, reason }),
  ),
  'add-key': change((agents, agent, { body: { jwk } }) => addKey(agents, { ...agent, jwk })),
  'revoke-key': async (parts, { caller, params: { name: agentId, thumbprint } }) => {
    await revokeKey(parts.agents, { agentId, thumbprint, by: caller.person.id })
    return {}
  },
  link: change((agents, agent, { body: { client_id: clientId, issuer } }) =>
    linkClient(agents, { ...agent, issuer, clientId }),
  ),
  unlink: change((agents, agent, { body: { client_id: clientId, issuer } }) =>
    unlinkClient(agents, { ...agent, issuer, clientId }),
  ),
  certificate: (parts, { params }) => certificateNames(parts, params.name),
  'add-certificate-name': async (parts, { body: name, caller, params: { name: agentId } }) => {
    await addCertificateName(parts.agents, { agentId, name, by: caller.person.id })
    return certificateNames(parts, agentId)
  },
  'remove-certificate-name': async (parts, { body: name, caller, params: { name: agentId } }) => {
    await removeCertificateName(parts.agents, { agentId, name, by: caller.person.id })
    return certificateNames(parts, agentId)
  },
})
