import { describe } from '../../operation-kit/operation.ts'
import { flags, input } from '../../operation-kit/source.ts'
import { ResourceProfile } from './schemas.ts'

const ASKS = {
  nothing: 'people only',
  sampling: "people and the client's model",
  roots: 'people, and which folders the client works in',
  both: "people, the client's model, and which folders it works in",
} as const

/** `remit resources server-asks`: what an MCP server may ask of its clients. */
export const SERVER_ASKS = describe({
  id: 'resources.let_server_ask',
  route: 'PUT /resources/:name/server-asks',
  widens: true,
  says: 'Says what an MCP server may ask of clients while it works on a call, besides people: the model (sampling), the folders (roots).',
  schemas: (kit) => ({
    params: kit.ByName,
    body: kit.exactly({ asks: kit.Type.Enum(['nothing', 'sampling', 'roots', 'both']) }),
    answer: ResourceProfile(kit),
  }),
  confirms: ({ body, params }) => `Let the MCP server ${params.name} ask ${ASKS[body.asks]}`,
  command: ({ bold, done }) => ({
    examples: [
      'remit resources server-asks desk --sampling',
      'remit resources server-asks desk --nothing',
    ],
    takes: {
      params: { name: input('<name>', 'the MCP server') },
      body: {
        asks: flags(
          {
            '--nothing': ['people only, where the client can ask them', 'nothing'],
            '--sampling': ["also the client's model", 'sampling'],
            '--roots': ['also which folders the client works in', 'roots'],
            '--both': ['also both', 'both'],
          },
          true,
        ),
      },
    },
    said: ({ body: { asks }, params }) => done`${bold(params.name)} may ask ${ASKS[asks]}`,
  }),
})

const SHOWN = {
  callable: 'what a task may call',
  requestable: 'what a task may call, and what it could ask for',
} as const

/** `remit resources shows`: what lists of an MCP server show. */
export const SHOWS = describe({
  id: 'resources.set_shown',
  route: 'PUT /resources/:name/shows',
  widens: true,
  says: 'Also lists tools that the person could still allow, and tools that need an approval.',
  schemas: (kit) => ({
    params: kit.ByName,
    body: kit.exactly({ shows: kit.Type.Enum(['callable', 'requestable']) }),
    answer: ResourceProfile(kit),
  }),
  confirms: ({ body, params }) => `Show in lists of ${params.name} ${SHOWN[body.shows]}`,
  command: ({ bold, done }) => ({
    examples: ['remit resources shows desk --requestable', 'remit resources shows desk --callable'],
    takes: {
      params: { name: input('<name>', 'the MCP server') },
      body: {
        shows: flags(
          {
            '--callable': ['what a task may call', 'callable'],
            '--requestable': ['also what it could ask for', 'requestable'],
          },
          true,
        ),
      },
    },
    said: ({ body: { shows }, params }) => done`lists of ${bold(params.name)} show ${SHOWN[shows]}`,
  }),
})
