/** What a build keeps of the user's settings: where registries are and how they are reached. Nothing else of the environment or of files at home. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'

export type Tool = 'go' | 'mvn' | 'npm' | 'python3'

/** Proxies and certificate authorities of the network. */
const ofTheNetwork = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'],
]
/** `go help environment`: which proxy and checksum database, and for which modules not. */
const ofGo = ['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE']
const ofPip = ['index-url', 'extra-index-url', 'find-links', 'no-index', 'cert', 'proxy', 'trusted-host', 'timeout']
const ofNpm = ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy']

const answerDeadline = 60_000

/** As environment variables of the tool. A tool that does not say what is set is run without. */
export async function registrySettings(tool: Tool): Promise<Readonly<Record<string, string>>> {
  const network = Object.fromEntries(
    ofTheNetwork.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
  return { ...network, ...(await settingsOf(tool).catch(() => ({}))) }
}

async function settingsOf(tool: Tool): Promise<Record<string, string>> {
  switch (tool) {
    case 'go':
      return goSettings(await said('go', ['env', '-json', ...ofGo]))
    case 'mvn': // of a file: `mavenSettings`
      return {}
    case 'python3':
      return pipSettings(await said('python3', ['-I', '-m', 'pip', 'config', 'list']))
    case 'npm':
      return npmSettings(await said('npm', ['config', 'list', '--json']))
  }
}

/** Asked as the user and of the user's own files, in a folder where nobody else's can be found. */
async function said(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: '/', timeout: answerDeadline })
  return stdout
}

export function goSettings(text: string): Record<string, string> {
  const values = z.record(z.string(), z.string()).parse(JSON.parse(text))
  return Object.fromEntries(ofGo.flatMap((name) => (values[name] ? [[name, values[name]]] : [])))
}

/** Lines such as `global.index-url='https://…'` and `:env:.cert='…'`; later ones come from places that count more. */
export function pipSettings(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [, key = '', value = ''] of text.matchAll(/^(?:global|download|:env:)\.([a-z-]+)='(.*)'$/gm))
    if (ofPip.includes(key))
      values[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] = value.replaceAll('\\n', ' ').trim()
  return values
}

export function npmSettings(text: string): Record<string, string> {
  const values = z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  return Object.fromEntries(
    ofNpm.flatMap((name) => {
      const value = values[name]
      return typeof value === 'string' && value !== '' ? [[`npm_config_${name.replaceAll('-', '_')}`, value]] : []
    }),
  )
}

/**
 * Which mirrors and proxies Maven is told of, as a settings.xml with nothing else: no servers with their passwords, no profiles with repositories
 * and properties of their own. What the machine's administrator has set (`conf/settings.xml` of Maven) counts as ever.
 * @param file the user's, which need not be there
 */
export async function mavenSettings(file: string): Promise<string> {
  const written = await readFile(file, 'utf8').catch(() => '')
  const kept = written.replaceAll(/<!--.*?-->/gs, '').match(/<(mirrors|proxies)>.*?<\/\1>/gs) ?? []
  return `<settings>\n${kept.map((one) => `${one}\n`).join('')}</settings>\n`
}
