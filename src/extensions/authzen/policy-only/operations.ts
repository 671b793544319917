import { Mistake, Note, VersionName } from '../../../console/api-operations/policies/schemas.ts'
import {
  describe,
  noun,
  type SchemaKit,
  type TypeOf,
} from '../../../console/operation-kit/operation.ts'
import { input, type ReaderContext, together } from '../../../console/operation-kit/source.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import type { Value } from '../../../platform/lib/terminal/text.ts'

/** Size of the longest entities, and what JSON makes of them. */
const MAX_BYTES = 12 * 1024 * 1024

const texts = ({ Type }: SchemaKit) => ({
  policies: Type.String({ maxLength: 1_048_576, description: 'Cedar policies' }),
  schema: Type.String({ maxLength: 262_144, description: 'Cedar schema, as people write it' }),
  entities: Type.String({
    maxLength: 4_194_304,
    description: 'JSON text of a list of `{"uid":{"type","id"},"attrs","parents","tags"}`',
  }),
})

const Mistakes = (kit: SchemaKit) =>
  kit.Type.Array(
    kit.Type.Object({
      ...kit.Type.Partial(Mistake(kit)).properties,
      part: kit.Type.Enum(['policies', 'schema', 'entities'], {
        description: 'where its line is',
      }),
      message: kit.Type.String(),
    }),
  )

const version = ({ Name, Time, Type }: SchemaKit) => ({
  name: Name,
  version: Type.Integer(),
  digest: Type.String(),
  note: Type.String(),
  published_by: Type.String({ description: 'a person id' }),
  published_at: Time,
})

export const SetVersion = (kit: SchemaKit) => kit.Type.Object(version(kit))
export const PolicySetVersion = (kit: SchemaKit) =>
  kit.Type.Object({ ...version(kit), ...texts(kit) })

const schema = input('--schema', 'the schema')
const entities = input('--entities', 'the entities')

const EXAMPLE = '--policies records.cedar --schema records.cedarschema --entities records.json'

const files = {
  policies: input('--policies <path...>', 'files, or directories of *.cedar', {
    required: true,
    read: (paths: readonly string[], reading: ReaderContext) => reading.policies(paths),
  }),
  schema: input('--schema <file>', 'the Cedar schema of the set', {
    required: true,
    read: (file: string, reading: ReaderContext) => reading.content(file),
  }),
  entities: together(
    [input('--entities <file>', 'JSON: people and things that the set knows; else none')],
    ([file], reading) => (file === undefined ? '[]' : reading.content(file)),
  ),
}

type MistakeAnswer = TypeOf<{ answer: ReturnType<typeof Mistakes> }, 'answer'>[number]

function mistakeLines(found: readonly MistakeAnswer[], mark: Value, { bold, text }: Terminal) {
  return found.map(({ column, line, message, part }) => {
    const place = line === undefined ? part : `${part}:${line}:${column}`
    return text`${mark} ${bold(place)}  ${message}`
  })
}

/** `remit policy-sets …` */
export const POLICY_SETS = noun({
  name: 'policy-sets',
  says: 'Sets of policies that answer AuthZEN by themselves: with a schema and entities of their own, about anything.',
  operations: {
    list: describe({
      id: 'policysets.list',
      route: 'GET /policy-sets',
      says: 'Every version of every policy-only set: by name, newest first.',
      schemas: (kit) => ({ answer: kit.listOf('versions', SetVersion(kit)) }),
      command: ({ bold, moment, table }) => ({
        says: 'Every version: by name, newest first. The first is in force.',
        prints: ({ versions }) =>
          table(
            versions,
            {
              NAME: ({ name }) => bold(name),
              VERSION: 'version',
              PUBLISHED: ({ published_at: at }) => moment(at),
              NOTE: 'note',
            },
            'None yet. `remit policy-sets publish NAME` makes one.',
          ),
      }),
    }),
    show: describe({
      id: 'policysets.show',
      route: 'GET /policy-sets/:name/:version',
      says: 'One version with its texts; `active` is the one in force.',
      schemas: (kit) => ({
        params: kit.exactly({ name: kit.Name, version: VersionName(kit) }),
        answer: PolicySetVersion(kit),
      }),
      command: () => ({
        says: 'The policies of a version; or its schema, or its entities.',
        examples: [
          'remit policy-sets show records',
          'remit policy-sets show records 3 --schema > records.cedarschema',
        ],
        takes: {
          params: {
            name: input('<name>', 'of `remit policy-sets list`'),
            version: input('[version]', 'its number; else the one in force', {
              fallback: 'active',
            }),
          },
        },
        also: [schema, entities],
        content: (shown, { typed }) =>
          typed('--schema') ? shown.schema : typed('--entities') ? shown.entities : shown.policies,
      }),
    }),
    validate: describe({
      id: 'policysets.validate',
      route: 'POST /policy-sets/validate',
      widens: false,
      says: 'Says everything that is wrong with a policy-only set, without publishing it.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        body: kit.exactly(texts(kit)),
        answer: kit.Type.Object({ mistakes: Mistakes(kit), warnings: Mistakes(kit) }),
      }),
      command: (terminal) => ({
        says: 'Says everything that is wrong with a set, and publishes nothing.',
        examples: [`remit policy-sets validate ${EXAMPLE}`],
        takes: { body: files },
        ends: ({ mistakes }) => (mistakes.length > 0 ? 1 : 0),
        said: ({ answer: { mistakes, warnings } }) => [
          ...mistakeLines(mistakes, terminal.red('✗'), terminal),
          ...mistakeLines(warnings, terminal.yellow('!'), terminal),
          mistakes.length > 0
            ? terminal.text`${terminal.red('✗')} the policy set has mistakes`
            : terminal.done`nothing is wrong with it`,
        ],
      }),
    }),
    publish: describe({
      id: 'policysets.publish',
      route: 'PUT /policy-sets/:name',
      widens: true,
      signedAs: 'policies',
      says: 'Publishes a policy-only set as the new version in force. Refused as a whole when anything is wrong with it.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({ ...texts(kit), note: Note(kit) }),
        answer: kit.Type.Object({
          name: kit.Name,
          version: kit.Type.Integer(),
          digest: kit.Type.String(),
          warnings: Mistakes(kit),
        }),
      }),
      confirms: ({ params }) => `Publish the policy-only set ${params.name}`,
      command: (terminal) => ({
        says: 'Puts a set in force, as a new version of its name. All or nothing.',
        examples: [`remit policy-sets publish records ${EXAMPLE}`],
        takes: {
          params: { name: input('<name>', 'lower-case letters, digits and hyphens') },
          body: { ...files, note: input('--note <text>', 'what changed, and why') },
        },
        refused: ({ mistakes }) =>
          mistakeLines(Array.isArray(mistakes) ? mistakes : [], terminal.red('✗'), terminal),
        said: ({ answer: { name, version, warnings } }) => [
          ...mistakeLines(warnings, terminal.yellow('!'), terminal),
          terminal.done`version ${terminal.bold(version)} of ${terminal.bold(name)} is in force`,
        ],
      }),
    }),
  },
})
