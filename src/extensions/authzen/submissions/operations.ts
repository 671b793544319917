import { CLIENTS } from '../../../console/api-operations/clients/clients.ts'
import { ByClient, SecretShape } from '../../../console/api-operations/clients/schemas.ts'
import { describe, noun } from '../../../console/operation-kit/operation.ts'
import { input, orNone } from '../../../console/operation-kit/source.ts'

/** Part of `remit clients …`: where an enforcement point is called back when its access requests end. */
export const CLIENT_CALLBACK = noun({
  ...CLIENTS,
  operations: {
    callback: describe({
      id: 'clients.set_callback',
      route: 'PUT /clients/:id/callback',
      widens: true,
      says: 'Sets the callback address of a PEP, which it can have called when its access requests end. It replaces the one before. Only this response contains the secret that messages are signed with (Standard Webhooks).',
      schemas: (kit) => ({
        params: ByClient(kit),
        body: kit.exactly({
          url: kit.Type.Union([kit.Type.String({ maxLength: 2048 }), kit.Type.Null()], {
            description: 'null: no callbacks, it polls',
          }),
        }),
        answer: kit.Type.Object({
          url: kit.Type.Union([kit.Type.String(), kit.Type.Null()]),
          secret: kit.Type.Optional(SecretShape(kit)),
        }),
      }),
      confirms: ({ body: { url }, params }) =>
        `Tell the program ${params.id} of the end of its access requests at ${url ?? 'no address'}`,
      command: ({ bold, done, text }) => ({
        examples: [
          'remit clients callback mesh https://mesh.example.com/remit/ended',
          'remit clients callback mesh --never',
        ],
        takes: {
          params: { id: input('<name>', 'of `remit clients list`') },
          body: {
            url: orNone(
              input('[url]', 'an https address'),
              input('--never', 'no callbacks: it polls'),
            ),
          },
        },
        prints: ({ secret, url }, { params }) => [
          done`${bold(params.id)} is called back ${url === null ? 'nowhere' : `at ${url}`}`,
          ...(secret === undefined
            ? []
            : [text`  the secret of its signatures, shown this once: ${bold(secret)}`]),
        ],
      }),
    }),
  },
})
