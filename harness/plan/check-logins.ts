/** What the shape of `login` cannot say: one kind only, what it needs, and files that are there and have one line. */
import { isAbsolute, join, resolve } from 'node:path'
import type { Report } from './check-services.ts'
import { type LoginFile, signInKinds, signInOf } from './login-schema.ts'
import type { CompleteProxy } from './recipes.ts'
import type { SignIn, UserNodes } from './sign-in.ts'
import { signInFeatures } from './sign-in-features.ts'
import { readUserFile } from './user-file.ts'
import { didYouMean } from './yaml/near-misses.ts'

type Path = readonly PropertyKey[]

/** Every mistake in the log-ins of all variants. @param folder that of `proxy.yaml` */
export async function checkLogins(content: CompleteProxy, folder: string, report: Report): Promise<void> {
  if (content.login !== undefined) checkKind(['login'], content.login, report)
  const seen = new Set<string>()
  for (const [name, variant] of Object.entries(content.variants)) {
    const path = variant.login === undefined ? ['login'] : ['variants', name, 'login']
    const login = variant.login ?? content.login
    if (variant.login !== undefined) checkKind(path, variant.login, report)
    const signIn = signInOf(login)
    if (signIn.kind === 'openid' && login?.callbacks === undefined && content.embedded === undefined)
      report(
        login === undefined ? ['variants', name] : path,
        'expected login, here or for all variants: the callbacks that the OpenID provider allows, or another kind of log-in (basic, form, header, cookie, certificate, address, none)',
      )
    if (signIn.kind === 'certificate' && variant.entrance?.tls === false)
      report(
        ['variants', name, 'entrance', 'tls'],
        'a client certificate is shown to whatever ends TLS, and that is not this proxy: expected true, or another kind of log-in',
      )
    if (
      signIn.kind === 'certificate' &&
      typeof login?.certificate === 'object' &&
      content.services?.proxy === undefined
    )
      report([...path, 'certificate'], 'expected a service named proxy, into which the authority is put')
    if (signIn.kind === 'address') checkNodes([...path, 'address'], signIn.nodes, content, report)
    for (const mistake of await fileMistakes(signIn, name, folder)) {
      const at = [...path, signIn.kind, mistake.user]
      const key = `${at.join()} ${mistake.message}`
      if (!seen.has(key)) report(at, mistake.message)
      seen.add(key)
    }
  }
}

/** A user without a node could not connect, and two on one node would be one user. */
function checkNodes(
  path: Path,
  { port: _, ...nodes }: UserNodes,
  { services = {} }: CompleteProxy,
  report: Report,
): void {
  const taken = new Map<string, string>()
  for (const [user, service] of Object.entries(nodes)) {
    const other = taken.get(service)
    const found = services[service]
    if (found === undefined)
      report(
        [...path, user],
        `expected a service of this proxy, found "${service}"${didYouMean(service, Object.keys(services))}`,
      )
    else if (other !== undefined)
      report([...path, user], `${other} connects from the service ${service} already: expected another one`)
    else if ((user === 'host') !== (found.beside === 'gateway'))
      report(
        [...path, user],
        user === 'host'
          ? `expected a service beside the gateway, found "${service}"`
          : `expected a service with an address of its own, and ${service} is beside the gateway`,
      )
    taken.set(service, user)
  }
}

function checkKind(path: Path, login: LoginFile, report: Report): void {
  const named = signInKinds.filter((kind) => login[kind] !== undefined)
  const [first, second] = named
  if (second !== undefined)
    report([...path, second], `expected one kind of log-in, found ${named.join(' and ')}: keep one`)
  if (first !== undefined)
    for (const key of ['callbacks', 'client-auth', 'issuer', 'client-id', 'client-secret'] as const)
      if (login[key] !== undefined)
        report([...path, key], `${key} is of OpenID Connect, and users sign in with ${first}: remove one of the two`)
  if (login.form !== undefined && login.form.alice === undefined && login.form.bob !== undefined)
    report([...path, 'form', 'bob'], 'expected the file of alice as well: the cases sign in as alice first')
  const paged = first === undefined || first === 'form'
  for (const key of ['log-out', 'portal'] as const)
    if (login[key] !== undefined && !paged)
      report(
        [...path, key],
        `${key} needs a log-in with a page (${signInFeatures.page}), and ${first} has none: remove it`,
      )
}

/** @param variant its name: files are named from its folder, which need not exist */
async function fileMistakes(
  signIn: SignIn,
  variant: string,
  folder: string,
): Promise<readonly { readonly user: string; readonly message: string }[]> {
  if (!('files' in signIn) || signIn.files === undefined) return []
  const checked = await Promise.all(
    Object.entries(signIn.files).map(async ([user, file]) => {
      if (isAbsolute(file))
        return [{ user, message: `expected a path relative to the folder of the variant, found "${file}"` }]
      const read = await readUserFile(resolve(folder, variant, file), signIn.kind, folder)
      return 'trouble' in read ? [{ user, message: `${join(variant, file)}: ${read.trouble}` }] : []
    }),
  )
  return checked.flat()
}
