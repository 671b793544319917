import { Type } from 'typebox'
import { findResource, listActions, listResources } from '../../catalog/index.ts'
import {
  applyImport,
  previewImport,
  resumeResource,
  setMark,
  setRisk,
  setSentence,
  setTokens,
  suspendResource,
  trustMappings,
} from '../../catalog-changes/index.ts'
import { connectResource } from '../../connections/index.ts'
import { Problem } from '../../lib/problem.ts'
import { Action, ByName, listOf, Name, Reason, Resource } from '../../operations/schemas.ts'
import { type Caller, operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { actionShape, publicResourceShape, resourceShape } from '../shapes.ts'
import { IMPORT_BYTES, ImportBody, Imported, importedShape } from './import-shapes.ts'
import { planOf } from './plan-of.ts'
import { Change, previewedChanges } from './review-shapes.ts'

const closed = { additionalProperties: false } as const
const Shown = Type.Intersect([Resource, listOf('actions', Action)])
const ByAction = Type.Object(
  { action: Type.String({ pattern: '^[a-z][a-z0-9-]*\\.[A-Za-z0-9._-]{1,128}$' }) },
  closed,
)

async function shown(parts: ApiParts, name: string, shape: ShapeOf = resourceShape) {
  const { read } = parts.connections.storage
  const resource = await findResource(read, name)
  if (!resource) throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
  return { ...shape(resource), actions: (await listActions(read, name)).map(actionShape) }
}

/** The digest of no import. */
const NOTHING = 'nothing'

type ShapeOf = typeof resourceShape

function shapeFor({ administrator }: Caller): ShapeOf {
  return administrator ? resourceShape : publicResourceShape
}

export const RESOURCE_OPERATIONS = [
  operation({
    id: 'resources.list',
    method: 'GET',
    path: '/resources',
    says: 'Every resource of the catalog. What is behind it is told to administrators.',
    who: 'person',
    widens: false,
    answer: listOf('resources', Resource),
    run: async (parts, { caller }) => ({
      resources: (await listResources(parts.connections.storage.read)).map(shapeFor(caller)),
    }),
  }),
  operation({
    id: 'resources.show',
    method: 'GET',
    path: '/resources/:name',
    says: 'One resource with its actions, their arguments, and what could not be typed.',
    who: 'person',
    widens: false,
    params: ByName,
    answer: Shown,
    run: (parts, { caller, params }) => shown(parts, params.name, shapeFor(caller)),
  }),
  operation({
    id: 'resources.import',
    method: 'PUT',
    path: '/resources/:name',
    says: 'Puts an API into the catalog from its OpenAPI 3 document, or an MCP server from what it says it offers; or brings it up to date.',
    who: 'administrator',
    widens: true,
    params: ByName,
    bodyBytes: IMPORT_BYTES,
    textMembers: ['document'],
    body: ImportBody,
    answer: Imported,
    run: async (parts, { body, caller, confirmed, params }) => {
      const { accept = false, ...wanted } = body
      const plan = await planOf(parts, params.name, wanted)
      // What could not be shown was not seen.
      const seen = confirmed && (confirmed.seen ?? NOTHING)
      const how = { accept, seen }
      return importedShape(await applyImport(parts.connections, plan, caller.person.id, how))
    },
  }),
  operation({
    id: 'resources.preview',
    method: 'POST',
    path: '/resources/:name/preview',
    says: 'What an import would change, without changing anything: what it would add, change, remove and quarantine, field by field.',
    who: 'administrator',
    widens: false,
    params: ByName,
    bodyBytes: IMPORT_BYTES,
    textMembers: ['document'],
    body: ImportBody,
    answer: Type.Intersect([Imported, listOf('changes', Change)]),
    run: async (parts, { body, params }) => {
      const { accept = false, ...wanted } = body
      const plan = await planOf(parts, params.name, wanted)
      const seen = await previewImport(parts.connections, plan, { accept })
      return { ...importedShape(seen), changes: await previewedChanges(plan.actions, seen) }
    },
  }),
  operation({
    id: 'resources.connect',
    method: 'PUT',
    path: '/resources/:name/connection',
    says: 'Says which connection’s credential the gateway puts in; null for none.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object({ connection: Type.Union([Name, Type.Null()]) }, closed),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      await connectResource(parts.connections, {
        resource: params.name,
        connection: body.connection ?? undefined,
        by: caller.person.id,
      })
      return shown(parts, params.name)
    },
  }),
  operation({
    id: 'resources.trust_mappings',
    method: 'PUT',
    path: '/resources/:name/mappings',
    says: 'Says whether what the tools of an MCP server declare about requests to decision points of others (`x-authzen-mapping`) counts.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object({ trusted: Type.Boolean() }, closed),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      const { trusted } = body
      const { name } = params
      await trustMappings(parts.connections, { name, trusted, by: caller.person.id })
      return shown(parts, name)
    },
  }),
  operation({
    id: 'resources.set_tokens',
    method: 'PUT',
    path: '/resources/:name/tokens',
    says: 'Says what the tokens for a resource look like, and whom they name. Those from before do not work any more.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object(
      {
        form: Type.Optional(Type.Union([Type.Literal('jwt'), Type.Literal('opaque')])),
        subjects: Type.Optional(Type.Union([Type.Literal('public'), Type.Literal('pairwise')])),
      },
      { ...closed, minProperties: 1 },
    ),
    answer: Shown,
    run: async (parts, { body, caller, params }) => {
      await setTokens(parts.connections, { ...body, name: params.name, by: caller.person.id })
      return shown(parts, params.name)
    },
  }),
  ...(['suspend', 'resume'] as const).map((act) =>
    operation({
      id: `resources.${act}`,
      method: 'POST',
      path: `/resources/:name/${act}`,
      says: { suspend: 'Stops every call to the resource.', resume: 'Lets calls through again.' }[
        act
      ],
      who: 'administrator',
      widens: act === 'resume',
      params: ByName,
      body: Reason,
      answer: Shown,
      run: async (parts, { body, caller, params }) => {
        const change = {
          name: params.name,
          by: caller.person.id,
          reason: body.reason ?? `${act} by an administrator`,
        }
        await { suspend: suspendResource, resume: resumeResource }[act](parts.connections, change)
        return shown(parts, params.name)
      },
    }),
  ),
  operation({
    id: 'actions.set_risk',
    method: 'PUT',
    path: '/actions/:action/risk',
    says: 'Sets the risk class of an action.',
    who: 'administrator',
    widens: true,
    params: ByAction,
    body: Type.Object({ risk: Type.String() }, closed),
    answer: Action,
    run: async (parts, { body, caller, params }) =>
      actionShape(
        await setRisk(parts.connections, {
          action: params.action,
          risk: body.risk,
          by: caller.person.id,
        }),
      ),
  }),
  operation({
    id: 'actions.set_sentence',
    method: 'PUT',
    path: '/actions/:action/sentence',
    says: 'Sets the sentence that people read before they approve, such as `Refund {amount} on order {order_id}`.',
    who: 'administrator',
    widens: true,
    params: ByAction,
    body: Type.Object({ sentence: Type.String({ maxLength: 500 }) }, closed),
    answer: Action,
    run: async (parts, { body, caller, params }) =>
      actionShape(
        await setSentence(parts.connections, {
          action: params.action,
          sentence: body.sentence,
          by: caller.person.id,
        }),
      ),
  }),
  ...(['counterparty', 'size'] as const).map((mark) =>
    operation({
      id: `actions.set_${mark}`,
      method: 'PUT',
      path: `/actions/:action/${mark}`,
      says: {
        counterparty:
          'Says which argument names whom a call is about, such as `/to`; null for none. Risk signals look at it.',
        size: 'Says which argument tells how large a call is, such as `/amount`; null for none. Risk signals look at it.',
      }[mark],
      who: 'administrator',
      widens: true,
      params: ByAction,
      body: Type.Object(
        { path: Type.Union([Type.String({ maxLength: 500 }), Type.Null()]) },
        closed,
      ),
      answer: Action,
      run: async (parts, { body, caller, params }) =>
        actionShape(
          await setMark(parts.connections, {
            action: params.action,
            mark,
            path: body.path ?? undefined,
            by: caller.person.id,
          }),
        ),
    }),
  ),
]
