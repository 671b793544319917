import { Type } from 'typebox'
import {
  applyImport,
  findResource,
  listActions,
  listResources,
  resumeResource,
  setMark,
  setRisk,
  setSentence,
  suspendResource,
} from '../catalog/index.ts'
import { connectResource } from '../connections/index.ts'
import { Problem } from '../lib/problem.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { planOf } from './plan-of.ts'
import { Action, ByName, listOf, Name, Reason, Resource } from './schemas.ts'
import { actionShape, resourceShape } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Shown = Type.Intersect([Resource, listOf('actions', Action)])
const UntypedSummary = Type.Object({
  reason: Type.String(),
  count: Type.Integer(),
  examples: Type.Array(Type.String()),
})
const ByAction = Type.Object(
  { action: Type.String({ pattern: '^[a-z][a-z0-9-]*\\.[A-Za-z0-9._-]{1,128}$' }) },
  closed,
)

async function shown(parts: ApiParts, name: string) {
  const { read } = parts.connections.storage
  const resource = await findResource(read, name)
  if (!resource) throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
  return { ...resourceShape(resource), actions: (await listActions(read, name)).map(actionShape) }
}

export const RESOURCE_OPERATIONS = [
  operation({
    id: 'resources.list',
    method: 'GET',
    path: '/resources',
    says: 'Every resource of the catalog.',
    who: 'person',
    widens: false,
    answer: listOf('resources', Resource),
    run: async (parts) => ({
      resources: (await listResources(parts.connections.storage.read)).map(resourceShape),
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
    run: (parts, { params }) => shown(parts, params.name),
  }),
  operation({
    id: 'resources.import',
    method: 'PUT',
    path: '/resources/:name',
    says: 'Puts an API into the catalog from its OpenAPI 3 document, or an MCP server from what it says it offers; or brings it up to date.',
    who: 'administrator',
    widens: true,
    params: ByName,
    // The document is a string in JSON: what the catalog takes, and room for its quotes and line breaks.
    bodyBytes: 48 * 1024 * 1024,
    body: Type.Object(
      {
        document: Type.Optional(
          Type.Unknown({
            description: 'the OpenAPI document: an object, or its JSON or YAML text',
          }),
        ),
        mcp: Type.Optional(
          Type.String({
            maxLength: 2048,
            description:
              'instead of a document: the address of an MCP server (Streamable HTTP). It is asked for what it offers, with the credential of `connection`',
          }),
        ),
        upstream: Type.Optional(
          Type.String({
            maxLength: 2048,
            description:
              'where the API really is; of an MCP server it is its address. Left out: where it was, else the first server of the document',
          }),
        ),
        title: Type.Optional(Type.String({ maxLength: 200 })),
        trusted: Type.Optional(
          Type.Boolean({
            description:
              'inside the trust domain: receives transaction tokens. Left out: as it was, as long as the upstream keeps its origin; else no',
          }),
        ),
        connection: Type.Optional(
          Type.Union([Name, Type.Null()], {
            description:
              'whose credential the gateway puts in; null for none. Left out: as it was, as long as the upstream keeps its origin; else none',
          }),
        ),
        direct: Type.Optional(
          Type.String({
            maxLength: 2048,
            description:
              'the public address of an API that agents call directly and that asks about each call itself; it is its identifier. Default: behind the gateway',
          }),
        ),
      },
      closed,
    ),
    answer: Type.Object({
      resource: Type.String(),
      unchanged: Type.Boolean(),
      added: Type.Array(Type.String()),
      changed: Type.Array(Type.String()),
      removed: Type.Array(Type.String()),
      notes: Type.Array(Type.String()),
      untyped: Type.Array(UntypedSummary, {
        description: 'what bounds and policies cannot see of it, grouped by the reason',
      }),
    }),
    run: async (parts, { body, caller, params }) => {
      const plan = await planOf(parts, params.name, body)
      const done = await applyImport(parts.connections, plan, caller.person.id)
      return {
        ...done,
        added: [...done.added],
        changed: [...done.changed],
        removed: [...done.removed],
        notes: [...done.notes],
        untyped: done.untyped.map((each) => ({ ...each, examples: [...each.examples] })),
      }
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
