/** Secrets that a deployment brings along: they must not stand in anything that leaves the run. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Service, Variant } from '../../plan/proxy.ts'

/** Names of settings whose values are secrets, whoever wrote them: `COOKIE_SECRET`, `--client-secret`, `client_secret`, `clientSecret`. */
const secretName = /(secret|password|passwd|passphrase|(^|[_.-])(pass|pwd|token|key|credentials?))s?([_.-]|$)/i
/** Where a name goes on like this, the value only leads to it, or is about it. */
const aboutOne = /(file|path|url|uri|name|header|expir\w*|ttl|lifetime|length|bits|type|id)s?$/i
/** Configuration files have kilobytes; certificates and programs beside them are not read. */
const mostBytes = 256 * 1024

/**
 * Values in the environment and the arguments of the services and in the files that they are given, the client's secret, and those of the
 * gateway's own configuration. Those that the run makes are known elsewhere.
 */
export async function ownSecrets({
  services,
  login,
  folder,
  gateway,
}: Pick<Variant, 'services' | 'login' | 'folder' | 'gateway'>): Promise<readonly string[]> {
  const texts = await Promise.all(services.flatMap((service) => filesOf(service, folder).map(secretsInFiles)))
  const { token, password } = gateway.own?.gateway.auth ?? {}
  const values = [
    ...services.flatMap(({ env }) => Object.entries(env).flatMap(([name, value]) => secretOf(name, value))),
    ...services.flatMap(({ command }) => argumentSecrets(command)),
    ...texts.flat(),
    ...[login.clientSecret, token, password].filter((one) => typeof one === 'string').filter((one) => one !== ''),
    ...Object.values(gateway.own?.environment ?? {}).filter((one) => one !== ''),
  ]
  return [...new Set(values)]
}

/** A value that is a secret by its name, by its looks, or in part: the password of an address. */
function secretOf(name: string, value: string): string[] {
  if (value.includes('{secret:') || value.length > 4096) return []
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s@]+)@/i.exec(value)?.[1]
  if (password !== undefined) return [password, decoded(password)]
  // Names of this form lead to a file, and placeholders to what the run puts there.
  if (/^[./{$]/.test(value) || /^[a-z]+:\/\//i.test(value)) return []
  return namesSecret(name) || looksSecret(value) ? [value] : []
}

function namesSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1_$2')
  return secretName.test(words) && !aboutOne.test(words)
}

/** What nobody would write in words: letters and digits without a gap, or a password with signs in it. */
function looksSecret(value: string): boolean {
  if (/\s/.test(value) || /^[\w.+-]+@[\w.-]+$/.test(value)) return false
  if (/^[A-Za-z0-9+/_=-]{16,}$/.test(value))
    return /\d/.test(value) && /[a-z]/i.test(value) && !/^[a-z-]+\d*$/.test(value)
  return (
    value.length >= 8 && /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value) && /[!#$%&*?^~]/.test(value)
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `--client-secret=x`, `--client-secret x`. */
function argumentSecrets(command: readonly string[]): string[] {
  return command.flatMap((word, index) => {
    const [, name = '', value] = /^--?([\w.-]+)(?:=(.*))?$/s.exec(word) ?? []
    return name === '' ? [] : secretOf(name, value ?? command[index + 1] ?? '')
  })
}

type Given = { readonly path: string; readonly target: string }

const filesOf = ({ files }: Service, folder: string): Given[] =>
  Object.entries(files).map(([file, target]) => ({ path: resolve(folder, file), target }))

/** Files below /run/secrets are secrets as a whole, as Docker has it; in others the values of settings are, by their names. */
async function secretsInFiles({ path, target }: Given): Promise<string[]> {
  const about = await stat(path).catch(() => undefined)
  if (about?.isDirectory()) {
    const names = await readdir(path)
    return (
      await Promise.all(names.map((name) => secretsInFiles({ path: join(path, name), target: join(target, name) })))
    ).flat()
  }
  if (!about?.isFile() || about.size > mostBytes) return []
  const text = await readFile(path, 'utf8').catch(() => '')
  if (text.includes('\0')) return []
  return target.startsWith('/run/secrets/') ? [text.trim()] : secretsIn(text)
}

/** `name = "value"`, `name: value`, `name value;`, `"name": "value"`, in whatever format. */
function secretsIn(text: string): string[] {
  const setting =
    /(?:^|[\s{,;])["']?([\w.-]*[A-Za-z_-])["']?[ \t]*([:= \t])[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"';,#{}]+))/gm
  return [...text.matchAll(setting)].flatMap(([, name = '', sign = '', double, single, plain]) => {
    const value = double ?? single ?? plain ?? ''
    // `token lifetime 3600`: two words that follow each other are a setting only where the second is no word.
    if (plain !== undefined && /[ \t]/.test(sign) && !/\d/.test(plain)) return []
    return value.length >= 6 && namesSecret(name) ? secretOf(name, value) : []
  })
}
