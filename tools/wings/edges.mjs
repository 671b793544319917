// The wings of `src`, from the lowest to the highest, and which other wings each may use. Every line says why.

/** Reason by wing that is used, by wing that uses it. @type {Record<string, Record<string, string>>} */
export const WINGS = {
  platform: {},
  catalog: {
    platform: 'resources and actions are rows; imports are read in other threads',
  },
  identity: {
    platform: 'people, agents and keys are rows; providers are asked over the network',
    catalog: 'connections, machine clients and spaces name resources and actions',
  },
  policy: {
    platform: 'policies are rows; Cedar runs in other threads',
    catalog: 'the Cedar schema is made from the actions; obligations change typed answers',
    identity: 'rules read the attributes of people and agents',
  },
  approvals: {
    platform: 'requests and answers are rows and ledger records',
    catalog: 'a question shows the typed arguments of an action',
    identity: 'approvers are people, with sessions, passkeys and channels',
  },
  tasks: {
    platform: 'tasks, budgets and decisions are rows, and live state',
    catalog: 'a task is for actions; facts are about resources',
    identity: 'a task is of a person and an agent',
    policy: 'facts become entities; a decision is replayed',
    approvals: 'consent and approvals end with their task',
  },
  grants: {
    platform: 'tickets and codes are rows; tokens are signed',
    catalog: 'a grant is for resources',
    identity: 'every grant authenticates an agent and finds a person',
    policy: 'opening a task and issuing a token are decided by rules',
    approvals: 'an opening may wait for people',
    tasks: 'a grant opens a task',
  },
  calls: {
    platform: 'outcomes are rows and ledger records',
    catalog: 'a call is of an action',
    identity: 'a call proves a token and its key',
    policy: 'an obligation reshapes what is passed on',
    approvals: 'a call may wait for people',
    tasks: 'a call is of a task, with its facts, budgets and risk',
    grants: 'a call is refused with the words of a token',
  },
  edges: {
    platform: 'HTTP',
    catalog: 'the gateway finds the action of a request',
    identity: 'clients authenticate; sessions of people sign in',
    policy: 'obligations change the answers of the gateway',
    approvals: 'MCP waits for people, and shows other ways to answer',
    tasks: 'what an MCP client is shown is what its task may do',
    grants: 'the token endpoint is the face of the grants',
    calls: 'the gateway decides, sends and ends calls',
  },
  console: {
    platform: 'HTTP',
    catalog: 'operations and pages about resources',
    identity: 'operations and pages about people and agents; sessions',
    policy: 'operations and pages about policies',
    approvals: 'people answer requests here',
    tasks: 'operations and pages about tasks and decisions',
    grants: 'people answer authorizations and device codes here',
    calls: 'decisions that an SDK made are reported here',
  },
  extensions: {
    platform: 'every extension has rows, routes or work of its own',
    catalog: 'decisions are about actions and resources',
    identity: 'channels reach people',
    policy: 'analysis asks what rules permit',
    approvals: 'channels answer requests',
    tasks: 'analysis reads decisions; retention removes them',
    grants: 'AuthZEN decides about tokens that others issue',
    calls: 'other edges decide calls',
    edges: 'previews and AuthZEN send as the gateway does',
    console: 'an extension brings its own operations of the management API',
  },
  // `programs` and the files in `src` itself put everything together. No wing uses them.
}
