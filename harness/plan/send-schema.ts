/** One request of a case, as a scenario file writes it. What each key does is said here and nowhere else. */
import { z } from 'zod'

const text = z.string().min(1)
const headerLines = z.array(z.tuple([z.string(), z.string()]))

export const sendSchema = z
  .strictObject({
    method: text
      .exactOptional()
      .meta({ description: 'Request method. Default: `POST`, and `GET` for a WebSocket upgrade.' }),
    target: text.exactOptional().meta({
      description:
        'Request target. Default: `/tools/invoke`, and `/` for a WebSocket upgrade. The client adds the query `mark=…` unless the target contains `{mark}`.',
    }),
    version: z
      .enum(['1.0', '1.1'])
      .exactOptional()
      .meta({ description: 'HTTP version, in quotes. Default: "1.1". Not for HTTP/2.' }),
    host: z.array(z.string()).exactOptional().meta({
      description:
        'Values of the `Host` lines (over HTTP/2: `:authority`). Default: one line with the public host name. An empty list sends none.',
    }),
    headers: headerLines.exactOptional().meta({
      description:
        'Header lines as [name, value] pairs. Order, letter case and duplicates are kept on the wire. Numbers need quotes.',
    }),
    connection: z.array(z.string()).exactOptional().meta({
      description: "Values that replace the client's own `Connection` line; one line per entry.",
    }),
    body: z.string().exactOptional().meta({
      description: 'Request body. Default: `{}` where the method has a body, else none.',
    }),
    trailers: headerLines
      .exactOptional()
      .meta({ description: 'Header lines after the last chunk. The body is then sent chunked.' }),
    cookie: z.boolean().exactOptional().meta({
      description: 'Whether the session cookie is sent. Default: it is, unless the client is anonymous.',
    }),
    password: z.enum(['right', 'wrong']).exactOptional().meta({
      description:
        "The gateway's local password, right or wrong: `Authorization: Bearer …` over HTTP, `connect.auth.password` over a WebSocket. Default: none.",
    }),
    'client-id': text
      .exactOptional()
      .meta({ description: "`client.id` in the gateway's `connect` frame (WebSocket). Default: `test`." }),
    'client-mode': text
      .exactOptional()
      .meta({ description: "`client.mode` in the gateway's `connect` frame (WebSocket). Default: `test`." }),
    device: z.literal('fresh').exactOptional().meta({
      description:
        '`fresh`: show the gateway a new, correctly signed device and ask for the scope operator.admin (WebSocket).',
    }),
    raw: z.array(z.string()).min(1).exactOptional().meta({
      description:
        'The exact bytes (latin-1, line ends written as `\\r\\n`) instead of all other keys; one entry per TCP write.',
    }),
  })
  .meta({
    id: 'send',
    description: 'One request. Every string may contain placeholders such as {identity} and {evil}.',
  })
