/** `login` of a `proxy.yaml`, of an operator's `conformance.yaml` and of `--login`: how users sign in. */
import { z } from 'zod'
import { absolutePath, content, headerName, httpAddress, port, name as serviceName, text } from './grammar.ts'
import type { SignIn, UserFiles } from './sign-in.ts'

const file = text.regex(/^[^/\n][^\n]*$/, 'a file beside the variant')
const aliceFile = file.meta({ description: 'File with which alice signs in.' })
const bobFile = file.meta({ description: 'File with which bob signs in. Default: there is no second user.' })
const users = { alice: aliceFile, bob: bobFile.exactOptional() }
const field = text.regex(/^[^\s"'<>=]+$/, 'the name of a field')
const cookieName = text.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a cookie')
const page = z.string().regex(/^(\/|https?:\/\/)[!-~]*$/, 'a path or an address')
const userFiles = 'Files beside the variant, one for each user, with one line'

/** Without the keys of OpenID Connect: what a flag can say as well. */
export const signInShape = {
  basic: z
    .union([z.literal(true), z.strictObject(users)])
    .exactOptional()
    .meta({
      description: `Users sign in with HTTP basic authentication. \`true\`: as users of the run, whose file is /run/conformance/htpasswd. Else ${userFiles.toLowerCase()} \`NAME:PASSWORD\`.`,
    }),
  form: z
    .strictObject({
      user: field.meta({ description: 'Name of the field for the user name.' }),
      password: field.meta({ description: 'Name of the field for the password.' }),
      page: page.exactOptional().meta({
        description: 'Path or address of the page with the form. Default: the page to which the public host leads.',
      }),
      alice: aliceFile.exactOptional(),
      bob: bobFile.exactOptional(),
    })
    .exactOptional()
    .meta({
      description: `Users sign in with an HTML form. Its hidden fields are sent back, to the address that it names. The users are those of the run (/run/conformance/htpasswd), or \`alice\` and \`bob\`: ${userFiles.toLowerCase()} \`NAME:PASSWORD\`.`,
    }),
  header: z
    .strictObject({ name: headerName.meta({ description: 'Name of the header.' }), ...users })
    .exactOptional()
    .meta({
      description: `Users show a header with every request, such as a token, or what an edge before the proxy adds. ${userFiles}: the value.`,
    }),
  cookie: z
    .strictObject({ name: cookieName.meta({ description: 'Name of the cookie.' }), ...users })
    .exactOptional()
    .meta({ description: `Users show a cookie that the run cannot have issued. ${userFiles}: the value.` }),
  certificate: z
    .union([
      z.literal(true),
      z.strictObject({
        authority: absolutePath.meta({
          description: 'Path in the container where the configuration looks for the authority.',
        }),
      }),
    ])
    .exactOptional()
    .meta({
      description:
        'Users show a client certificate (subject CN=NAME) of the authority in /run/conformance/ca.crt. `authority`: path in the container of `proxy` where that file is put as well.',
    }),
  none: z.literal(true).exactOptional().meta({
    description:
      'Nobody signs in: the proxy takes whoever comes for the same user. Without `arrives-as` the gateway allows every user.',
  }),
  'arrives-as': text
    .regex(/^[^\n]*$/, 'one line')
    .exactOptional()
    .meta({
      description:
        'Name under which alice arrives at the gateway, where she is not a user of the run. The gateway allows it. Default: what arrives for her first request.',
    }),
  'one-name': z.literal(true).exactOptional().meta({
    description:
      'Everybody who signs in arrives under the name in `arrives-as`: the proxy writes nothing else. No case is asked with a second user.',
  }),
}

export const loginSchema = z
  .strictObject({
    callbacks: z.array(httpAddress).min(1).exactOptional().meta({
      description: 'Redirect URIs that the OpenID provider allows. Required for OpenID Connect.',
    }),
    ...signInShape,
    address: z
      .strictObject({
        alice: serviceName.meta({ description: 'Service from which alice connects.' }),
        bob: serviceName.exactOptional().meta({
          description: 'Service from which bob connects. Default: there is no second user.',
        }),
        nobody: serviceName.meta({ description: 'Service whose address belongs to no user.' }),
        host: serviceName.exactOptional().meta({
          description:
            "Service beside the gateway through which processes of the gateway's machine connect to the machine's own public address.",
        }),
        port: port.exactOptional().meta({ description: 'Port of each SOCKS5 server. Default: 1055.' }),
      })
      .exactOptional()
      .meta({
        description:
          'Users are known by the address from which they connect. Services of this proxy, each a SOCKS5 server through which its user connects to the public host. The address is what the first group of `log` in `ready` matches; without one {client} is the address of the container.',
      }),
    'client-auth': z.enum(['client_secret_basic', 'client_secret_post']).exactOptional().meta({
      description: 'How the proxy authenticates at the token endpoint. Default: client_secret_basic.',
    }),
    'log-out': z
      .string()
      .regex(/^(\/|https:\/\/)[!-~]*$/, 'a path or an https:// address')
      .exactOptional()
      .meta({
        description:
          'Path (or address) that ends the session when a signed-in browser visits it. Default: none; cases about log-out are then `unsupported`.',
      }),
    issuer: httpAddress.exactOptional().meta({
      description: 'Issuer as the proxy is configured, to the letter. Default: http://idp.test.',
    }),
    'client-id': text.exactOptional().meta({ description: 'Default: conformance.' }),
    'client-secret': content.min(1).exactOptional().meta({
      description: 'Default: one made for the run, in /run/conformance/secrets/client. Never shown.',
    }),
    portal: httpAddress.exactOptional().meta({
      description:
        'Address of the log-in pages where they are not on the public host, for example `https://auth.example.com/login`.',
    }),
  })
  .meta({
    id: 'login',
    description:
      'How users sign in: OpenID Connect with the client `conformance` at http://idp.test, or one of `basic`, `form`, `header`, `cookie`, `certificate`, `address`, `none`.',
  })

export type LoginFile = z.infer<typeof loginSchema>

/** Keys that name a kind of log-in other than OpenID Connect. At most one may stand there. */
export const signInKinds = ['basic', 'form', 'header', 'cookie', 'certificate', 'address', 'none'] as const

/** Of tailscaled's documentation. */
const usualSocksPort = 1055

/** @returns OpenID Connect where nothing else is named */
export function signInOf(login: LoginFile | undefined): SignIn {
  const { basic, form, header, cookie, certificate, address, none } = login ?? {}
  if (basic !== undefined) return { kind: 'basic', ...(basic !== true && { files: basic }) }
  if (form !== undefined) {
    const { alice, bob, ...fields } = form
    const files: UserFiles | undefined = alice === undefined ? undefined : { alice, ...(bob !== undefined && { bob }) }
    return { kind: 'form', ...fields, ...(files && { files }) }
  }
  if (header !== undefined) return { kind: 'header', name: header.name, files: filesOf(header) }
  if (cookie !== undefined) return { kind: 'cookie', name: cookie.name, files: filesOf(cookie) }
  if (certificate !== undefined) return { kind: 'certificate' }
  if (address !== undefined) return { kind: 'address', nodes: { ...address, port: address.port ?? usualSocksPort } }
  return { kind: none ? 'none' : 'openid' }
}

const filesOf = ({ alice, bob }: UserFiles): UserFiles => ({ alice, ...(bob !== undefined && { bob }) })
