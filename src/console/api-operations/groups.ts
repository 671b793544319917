import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { person } from '../operation-kit/shared-sources.ts'
import { input, type ReaderContext } from '../operation-kit/source.ts'

const Group = ({ Name, Type }: SchemaKit) => Type.Object({ name: Name, description: Type.String() })

const Member = ({ exactly, Name, Type }: SchemaKit) =>
  exactly({ name: Name, id: Type.String({ maxLength: 64 }) })

const Mapping = ({ exactly, Name, Type }: SchemaKit) =>
  exactly({ issuer: Type.String(), value: Type.String({ maxLength: 256 }), group: Name })

const member = { name: input('<group>', 'the group'), id: person('<person>') }

const people = input('--people <person...>', 'in this order: id, e-mail or name', {
  fallback: '',
  read: (who: string | readonly string[], reading: ReaderContext) =>
    Promise.all([who].flat().filter(Boolean).map(reading.person)),
})

const mapping = {
  group: input('<group>', 'the group here'),
  issuer: input('--issuer <url>', 'the identity provider', { required: true }),
  value: input('--value <text>', 'what it calls the group', { required: true }),
}

/** `remit groups …` */
export const GROUPS = noun({
  name: 'groups',
  says: 'Groups of people, which rules speak of.',
  operations: {
    list: describe({
      route: 'GET /groups',
      who: 'person',
      says: 'The groups one is in, or every group for administrators. Policies and approver rules name them.',
      schemas: (kit) => ({ answer: kit.listOf('groups', Group(kit)) }),
      command: ({ bold, table }) => ({
        prints: ({ groups }) =>
          table(groups, { NAME: ({ name }) => bold(name), DESCRIPTION: 'description' }),
      }),
    }),
    create: describe({
      route: 'POST /groups',
      widens: true,
      says: 'Makes a group.',
      schemas: (kit) => ({
        body: kit.exactly({ name: kit.Name, description: kit.Type.String({ maxLength: 500 }) }),
        answer: Group(kit),
      }),
      confirms: ({ body }) => `Make the group ${body.name}`,
      command: ({ bold, done }) => ({
        examples: ['remit groups create finance "Approves refunds"'],
        takes: {
          body: {
            name: input('<name>', 'lower-case letters, digits and hyphens'),
            description: input('[description]', 'what it is for', { fallback: '' }),
          },
        },
        said: ({ body }) => done`there is a group ${bold(body.name)}`,
      }),
    }),
    add: describe({
      id: 'groups.add_member',
      route: 'PUT /groups/:name/members/:id',
      widens: true,
      signedAs: 'approvers',
      says: 'Puts a person into a group.',
      schemas: (kit) => ({ params: Member(kit), answer: kit.Nothing }),
      confirms: ({ params }) => `Put a person into the group ${params.name}`,
      command: ({ bold, done }) => ({
        examples: ['remit groups add finance fiona@example.com'],
        takes: { params: member },
        said: ({ params, typed }) => done`${bold(typed('<person>'))} is in ${bold(params.name)}`,
        json: ({ params }) => ({ group: params.name, person: params.id, member: true }),
      }),
    }),
    drop: describe({
      id: 'groups.drop_member',
      route: 'DELETE /groups/:name/members/:id',
      widens: false,
      says: 'Takes a person out of a group.',
      schemas: (kit) => ({ params: Member(kit), answer: kit.Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit groups drop finance fiona@example.com'],
        takes: { params: member },
        said: ({ params, typed }) =>
          done`${bold(typed('<person>'))} is no longer in ${bold(params.name)}`,
        json: ({ params }) => ({ group: params.name, person: params.id, member: false }),
      }),
    }),
    'on-call': describe({
      id: 'groups.on_call',
      route: 'GET /groups/:name/on-call',
      says: 'Who of a group is told first, in order.',
      schemas: (kit) => ({
        params: kit.exactly({ name: kit.Name }),
        answer: kit.listOf(
          'people',
          kit.Type.Object({ id: kit.Type.String(), name: kit.Type.String() }),
        ),
      }),
      command: ({ bold, table }) => ({
        examples: ['remit groups on-call finance'],
        takes: { params: { name: member.name } },
        prints: ({ people }) =>
          table(
            people,
            { NAME: ({ name }) => bold(name), ID: 'id' },
            'No one is on call: all are told at once.',
          ),
      }),
    }),
    'set-on-call': describe({
      id: 'groups.set_on_call',
      route: 'PUT /groups/:name/on-call',
      widens: false,
      says: 'Sets who of a group is told first, and who next; without people, all are told at once.',
      schemas: (kit) => ({
        params: kit.exactly({ name: kit.Name }),
        body: kit.exactly({
          people: kit.Type.Array(kit.Type.String({ maxLength: 64 }), { maxItems: 10 }),
        }),
        answer: kit.Nothing,
      }),
      command: ({ bold, done }) => ({
        examples: ['remit groups set-on-call finance --people fiona@example.com sam@example.com'],
        takes: { params: { name: member.name }, body: { people } },
        said: ({ body, params }) =>
          body.people.length === 0
            ? done`all of ${bold(params.name)} are told at once`
            : done`on call for ${bold(params.name)}, in this order: ${body.people.join(', ')}`,
      }),
    }),
    map: describe({
      route: 'POST /group-mappings',
      widens: true,
      signedAs: 'approvers',
      says: "Lets an identity provider's group count as a group here.",
      schemas: (kit) => ({ body: Mapping(kit), answer: kit.Nothing }),
      confirms: ({ body }) =>
        `Put everybody into ${body.group} whom ${body.issuer} says is in ${body.value}`,
      command: ({ bold, done }) => ({
        examples: [
          'remit groups map finance --issuer https://login.example.com --value Finance-EMEA',
        ],
        takes: { body: mapping },
        said: ({ body: { group, issuer, value } }) =>
          done`${bold(value)} at ${issuer} counts as ${bold(group)}, from the next sign-in on`,
        json: ({ body: { group, issuer, value } }) => ({ issuer, value, group, mapped: true }),
      }),
    }),
    unmap: describe({
      route: 'DELETE /group-mappings',
      widens: false,
      says: 'Ends a mapping, and the memberships that came from it.',
      schemas: (kit) => ({ body: Mapping(kit), answer: kit.Nothing }),
      command: ({ bold, done }) => ({
        examples: [
          'remit groups unmap finance --issuer https://login.example.com --value Finance-EMEA',
        ],
        takes: { body: mapping },
        said: ({ body: { group, issuer, value } }) =>
          done`${bold(value)} at ${issuer} no longer counts as ${bold(group)}, from the next sign-in on`,
        json: ({ body: { group, issuer, value } }) => ({ issuer, value, group, mapped: false }),
      }),
    }),
  },
})
