import { describe, noun } from '../../operation-kit/operation.ts'
import { input } from '../../operation-kit/source.ts'
import { WhatCan, WhoCan, whatLines, whoLines } from './ever.ts'
import {
  Draft,
  Files,
  MAX_BYTES,
  Mistake,
  Note,
  PolicyText,
  PolicyVersion,
  PublishedPolicies,
  RuleChange,
  Tests,
  VersionName,
} from './schemas.ts'

/** `remit policy …` */
export const POLICY = noun({
  name: 'policy',
  says: 'The rules: who may do what, and what a person sees first.',
  operations: {
    list: describe({
      id: 'policies.list',
      route: 'GET /policies',
      says: 'Every published version, newest first.',
      schemas: (kit) => ({ answer: kit.listOf('versions', PolicyVersion(kit)) }),
      command: ({ bold, green, moment, table, text }) => ({
        says: 'Every published version, newest first. The first is in force.',
        prints: ({ versions }) =>
          table(
            versions,
            {
              VERSION: (each) =>
                text`${bold(each.version)}${each === versions[0] ? green(' in force') : ''}`,
              PUBLISHED: (each) => moment(each.published_at),
              BY: (each) => each.published_by_name ?? each.published_by,
              NOTE: 'note',
            },
            'Nothing is published: nothing is permitted. `remit policy publish PATH` changes that.',
          ),
      }),
    }),
    show: describe({
      id: 'policies.show',
      route: 'GET /policies/:version',
      says: 'The text of one version; `active` is the one in force.',
      schemas: (kit) => ({
        params: kit.exactly({ version: VersionName(kit) }),
        answer: kit.Type.Intersect([
          PolicyVersion(kit),
          kit.Type.Object({ text: kit.Type.String(), files: Files(kit), tests: Tests(kit) }),
        ]),
      }),
      command: ({ dim, moment }) => ({
        says: 'The text of a version, as it was published.',
        examples: ['remit policy show', 'remit policy show 3 > version-3.cedar'],
        takes: {
          params: {
            version: input('[version]', 'its number; else the one in force', {
              fallback: 'active',
            }),
          },
        },
        said: ({ answer: { note, published_at, published_by, published_by_name, version } }) => {
          const by = published_by_name ?? published_by
          return dim(`version ${version}, by ${by} at ${moment(published_at)}  ${note}`)
        },
        content: ({ text }) => text,
      }),
    }),
    schema: describe({
      id: 'policies.schema',
      route: 'GET /policy-schema',
      says: 'The Cedar schema made from the catalog, which policies are checked against.',
      schemas: ({ Type }) => ({ answer: Type.Object({ schema: Type.String() }) }),
      command: () => ({
        says: 'What rules can speak of: the Cedar schema made from the catalog.',
        examples: [
          'remit policy schema',
          'remit policy schema > remit.cedarschema   # for an editor',
        ],
        content: ({ schema }) => schema,
      }),
    }),
    fmt: describe({
      id: 'policies.format',
      route: 'POST /policies/format',
      widens: false,
      says: 'A text in the one layout, with its comments.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        body: kit.exactly({ text: PolicyText(kit) }),
        answer: kit.Type.Object({ text: kit.Type.String() }),
      }),
    }),
    validate: describe({
      id: 'policies.validate',
      route: 'POST /policies/validate',
      widens: false,
      says: 'Says everything that is wrong with a text, without publishing it.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        body: kit.exactly({ text: PolicyText(kit) }),
        answer: kit.Type.Object({
          mistakes: kit.Type.Array(Mistake(kit)),
          warnings: kit.Type.Array(Mistake(kit)),
        }),
      }),
    }),
    test: describe({
      id: 'policies.test',
      route: 'POST /policies/test',
      widens: false,
      says: 'Runs tests against a text, or against the version in force, without publishing.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => {
        const { Type } = kit
        return {
          body: kit.exactly({
            text: Type.Optional(PolicyText(kit)),
            files: Type.Optional(Files(kit)),
            tests: Type.Optional(Tests(kit)),
          }),
          answer: Type.Object({
            mistakes: Type.Array(Mistake(kit)),
            cases: Type.Integer(),
            calls: Type.Integer(),
            failed: Type.Array(Type.Unknown()),
          }),
        }
      },
    }),
    diff: describe({
      id: 'policies.diff',
      route: 'POST /policies/diff',
      widens: false,
      says: 'What a text would change, rule by rule, against a version; against the one in force when none is named.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        body: kit.exactly({ text: PolicyText(kit), with: kit.Type.Optional(VersionName(kit)) }),
        answer: kit.Type.Object({
          with: kit.Type.Integer(),
          changes: kit.Type.Array(RuleChange(kit)),
        }),
      }),
    }),
    publish: describe({
      id: 'policies.publish',
      route: 'POST /policies',
      widens: true,
      signedAs: 'policies',
      says: 'Publishes a text as the new version in force. Refused as a whole when anything is wrong with it.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        body: kit.exactly({
          ...Draft(kit).properties,
          files: kit.Type.Optional(Files(kit)),
          tests: kit.Type.Optional(Tests(kit)),
        }),
        answer: PublishedPolicies(kit),
      }),
      confirms: () => 'Put these policies in force',
    }),
    'publish-again': describe({
      id: 'policies.publish_again',
      route: 'POST /policies/:version/publish',
      widens: true,
      signedAs: 'policies',
      says: 'Publishes an older version, its tests among it, once more as the new version in force.',
      schemas: (kit) => ({
        params: kit.exactly({ version: kit.Type.String({ pattern: '^[1-9]\\d{0,8}$' }) }),
        body: kit.exactly({ note: Note(kit) }),
        answer: PublishedPolicies(kit),
      }),
      confirms: ({ params }) => `Put the policies of version ${params.version} in force again`,
    }),
    who: describe({
      id: 'policies.who',
      route: 'GET /policies/who/:action',
      says: 'All people and agents that could ever do something, as people, groups, agents, ceilings and policies are now. All others are denied it in every call.',
      schemas: (kit) => ({
        params: kit.exactly({ action: kit.Type.String({ maxLength: 200 }) }),
        answer: WhoCan(kit),
      }),
      command: (terminal) => ({
        says: 'Everybody who could ever do something, and on what conditions.',
        examples: ['remit policy who refund', 'remit policy who orders.refund'],
        takes: {
          params: { action: input('<action>', 'its name, or the end of one that no other has') },
        },
        prints: (who) => whoLines(who, terminal),
      }),
    }),
    what: describe({
      id: 'policies.what',
      route: 'GET /policies/what/:agent',
      says: 'What an agent could ever do: the actions of its ceiling, with what policies say of each. Every other call of it is denied.',
      schemas: (kit) => ({
        params: kit.exactly({ agent: kit.Type.String({ maxLength: 63 }) }),
        answer: WhatCan(kit),
      }),
      command: (terminal) => ({
        says: 'What an agent could ever do, and on what conditions.',
        examples: ['remit policy what --agent refund-bot'],
        takes: { params: { agent: input('--agent <name>', 'the agent', { required: true }) } },
        prints: (what) => whatLines(what, terminal),
      }),
    }),
  },
})
