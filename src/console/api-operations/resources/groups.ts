import { describe } from '../../operation-kit/operation.ts'
import { input, repeated, together } from '../../operation-kit/source.ts'
import { ResourceProfile } from './schemas.ts'

const name = input('<name>', 'the group')

/** `remit resources group`, `remit resources look-alikes`: several MCP servers under one address. */
export const GROUPS = {
  group: describe({
    id: 'resources.set_group',
    route: 'PUT /resources/:name/members',
    widens: true,
    says: 'Offers several MCP servers under one address, or changes which: their tools are `<member>__<tool>` there. Each call is decided as at the member. Tokens for the group from before do not work any more.',
    schemas: (kit) => ({
      params: kit.ByName,
      body: kit.exactly({
        members: kit.Type.Array(kit.Name, { minItems: 1, maxItems: 32 }),
        title: kit.Type.Optional(kit.Type.String({ maxLength: 200 })),
      }),
      answer: ResourceProfile(kit),
    }),
    confirms: ({ body, params }) =>
      `Offer the MCP servers ${body.members.join(', ')} together as ${params.name}`,
    command: ({ bold, done }) => ({
      examples: ['remit resources group office --member desk --member calendar'],
      takes: {
        params: { name },
        body: {
          members: repeated(
            '--member <name>',
            'an MCP server of the catalog; all of them, each time',
          ),
          title: input('--title <text>', 'for people; left out: as it was, else the name'),
        },
      },
      said: ({ answer: { identifier, look_alikes, members, name } }) => {
        const held = look_alikes.filter((each) => each.held).length
        const more = held === 0 ? '' : `; names look alike: remit resources show ${name}`
        return done`${bold(name)} offers ${(members ?? []).join(', ')} at ${identifier}${more}`
      },
    }),
  }),
  'look-alikes': describe({
    id: 'resources.let_in_look_alikes',
    route: 'PUT /resources/:name/look-alikes',
    widens: true,
    says: 'Lets in actions of a group whose names look alike; those that are left out are kept out again.',
    schemas: (kit) => ({
      params: kit.ByName,
      body: kit.exactly({
        actions: kit.Type.Array(kit.Type.String({ maxLength: 200 }), { maxItems: 1_000 }),
      }),
      answer: ResourceProfile(kit),
    }),
    confirms: ({ body, params }) =>
      body.actions.length === 0
        ? `Keep all look-alikes out of ${params.name}`
        : `Let look-alikes into ${params.name}: ${body.actions.join(', ')}`,
    command: ({ bold, done }) => ({
      examples: [
        'remit resources look-alikes office --let-in desk.search --let-in mail.seanch',
        'remit resources look-alikes office',
      ],
      takes: {
        params: { name },
        body: {
          actions: together(
            [repeated('--let-in <action>', 'all of them, each time; none: keeps all out')],
            ([actions]) => actions ?? [],
          ),
        },
      },
      said: ({ answer, body: { actions } }) =>
        actions.length === 0
          ? done`${bold(answer.name)} keeps look-alikes out`
          : done`${bold(answer.name)} lets in ${actions.join(', ')}`,
    }),
  }),
}
