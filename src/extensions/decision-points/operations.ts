import {
  describe,
  noun,
  type SchemaKit,
  type TypeOf,
} from '../../console/operation-kit/operation.ts'
import { input, numeric, repeated, together } from '../../console/operation-kit/source.ts'

export const DecisionPoint = ({ Name, Time, Type }: SchemaKit) =>
  Type.Object({
    name: Name,
    url: Type.String(),
    header: Type.Union([Type.String(), Type.Null()], {
      description: 'that its credential goes into; the credential is never shown again',
    }),
    resources: Type.Array(Type.String(), {
      description: 'asked about calls to these, and about `actions`; about all when both are empty',
    }),
    actions: Type.Array(Type.String()),
    timeout_ms: Type.Integer(),
    arguments: Type.Boolean({ description: 'whether it is told the arguments of calls' }),
    created_by: Type.String(),
    created_at: Time,
  })

const ListedPoint = (kit: SchemaKit) =>
  kit.Type.Intersect([
    DecisionPoint(kit),
    kit.Type.Object({
      left_alone: kit.Type.Boolean({
        description:
          'it failed so often that calls are denied at once for a while; of this replica',
      }),
    }),
  ])

type PointAnswer = TypeOf<{ answer: ReturnType<typeof DecisionPoint> }, 'answer'>

function askedAbout({ actions, resources }: PointAnswer): string {
  return [...resources, ...actions].join(', ') || 'every call'
}

const name = input('<name>', 'lower-case letters, digits and hyphens')
const bearer = input('--bearer', 'it takes a credential, which is asked for, or read')
const header = input('--header <name>', 'the header it goes into; else Authorization: Bearer …')
const file = input('--from-file <file>', 'read the credential from there; - for standard input')

/** `remit decision-points …`: AuthZEN decision points of others that are asked about calls. */
export const DECISION_POINTS = noun({
  name: 'decision-points',
  says: 'AuthZEN decision points of others that are asked about calls. They can only deny.',
  operations: {
    list: describe({
      id: 'points.list',
      route: 'GET /decision-points',
      says: 'Decision points of others that are asked about calls.',
      schemas: (kit) => ({ answer: kit.listOf('points', ListedPoint(kit)) }),
      command: ({ bold, green, red, table }) => ({
        says: 'All of them; credentials are never shown again.',
        examples: ['remit decision-points list'],
        prints: ({ points }) =>
          table(
            points,
            {
              NAME: (each) => bold(each.name),
              ADDRESS: 'url',
              'ASKED ABOUT': askedAbout,
              'TIME LIMIT': ({ timeout_ms: limit }) => `${limit} ms`,
              ARGUMENTS: (each) => (each.arguments ? 'told' : 'not told'),
              STATUS: (each) => (each.left_alone ? red('fails: calls are denied') : green('asked')),
            },
            'No external service is asked about calls.',
          ),
      }),
    }),
    add: describe({
      id: 'points.add',
      route: 'POST /decision-points',
      // A decision point can only refuse. It learns of calls, though, so a person confirms it.
      widens: true,
      says: 'Adds an AuthZEN decision point. From now on Remit asks it about the calls that it is for, and none of them goes through without its permit. It learns who calls what, for whom.',
      schemas: (kit) => {
        const { Type } = kit
        const Names = Type.Array(Type.String({ maxLength: 200 }), { maxItems: 256 })
        return {
          body: kit.exactly({
            name: kit.Name,
            url: Type.String({ maxLength: 2048, description: 'of its access evaluation endpoint' }),
            secret: Type.Optional(kit.secretText({ minLength: 1, maxLength: 8192 })),
            header: Type.Optional(
              Type.String({
                maxLength: 64,
                description: 'that the secret goes into; else `Authorization: Bearer`',
              }),
            ),
            resources: Type.Optional(Names),
            actions: Type.Optional(Names),
            timeout_ms: Type.Optional(
              Type.Integer({ minimum: 50, maximum: 5000, description: '1000 when not given' }),
            ),
            arguments: Type.Optional(
              Type.Boolean({ description: 'whether it is told the arguments of calls; yes, else' }),
            ),
          }),
          answer: DecisionPoint(kit),
        }
      },
      confirms: ({ body }) => `Ask the decision point ${body.name} at ${body.url} about calls`,
      command: ({ bold, dim, done }) => ({
        says: 'Has one asked from now on. No call that it is for goes through without it.',
        examples: [
          'remit decision-points add opa --endpoint https://opa.example/access/v1/evaluation',
          'remit decision-points add pay --endpoint https://pdp.example/access/v1/evaluation --bearer --action bank.pay --no-arguments',
        ],
        takes: {
          body: {
            name,
            url: input('--endpoint <url>', 'where access evaluations are asked', {
              required: true,
            }),
            secret: together([bearer, header, file, name], ([has, into, from, of], { secret }) =>
              (has ?? into ?? from) === undefined
                ? undefined
                : secret(`Credential for ${of}`, from),
            ),
            header,
            resources: repeated(
              '--resource <name>',
              'only about calls to this one; again for more',
            ),
            actions: repeated('--action <name>', 'or of this action; again for more'),
            timeout_ms: numeric('--timeout <ms>', '50 to 5000; 1000 when not said', {
              looks: /^\d{2,4}$/,
              otherwise: 'a number from 50 to 5000',
            }),
            arguments: input('--no-arguments', 'it is not told the arguments of calls', {
              read: () => false,
            }),
          },
        },
        said: ({ answer }) => [
          done`${bold(answer.name)} is asked about ${askedAbout(answer)}`,
          dim('  while it does not answer, those calls are denied'),
        ],
      }),
    }),
    remove: describe({
      id: 'points.remove',
      route: 'DELETE /decision-points/:name',
      widens: true,
      says: 'Removes a decision point. It is no longer asked, and no call needs its permit.',
      schemas: ({ ByName, Nothing }) => ({ params: ByName, answer: Nothing }),
      confirms: ({ params }) => `Ask the decision point ${params.name} no more`,
      command: ({ bold, done }) => ({
        examples: ['remit decision-points remove opa'],
        takes: { params: { name: input('<name>', 'of `remit decision-points list`') } },
        said: ({ params }) => done`${bold(params.name)} is not asked any more`,
        json: ({ params }) => ({ decision_point: params.name, removed: true }),
      }),
    }),
  },
})
