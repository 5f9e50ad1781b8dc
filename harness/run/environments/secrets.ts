/** Secrets of one environment: random per run, made on first use, remembered for redaction. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rememberSecret } from '../results/redact.ts'

export class Secrets {
  readonly #values = new Map<string, string>()

  /** 32 hexadecimal characters; for names ending in `-base64`, base64 of 32 random bytes. The same name gives the same value. */
  get(name: string): string {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const value = name.endsWith('-base64') ? randomBytes(32).toString('base64') : randomBytes(16).toString('hex')
    this.#values.set(name, value)
    rememberSecret(value)
    return value
  }

  /** Values of `proxy.yaml`: `{secret:NAME}`, `{address:SERVICE}`, `{version}`. */
  fill(text: string, addresses: Readonly<Record<string, string>>, version: string): string {
    return text.replaceAll(/\{(secret|address):([\w-]+)\}|\{version\}/g, (whole, kind?: string, name?: string) => {
      if (kind === undefined || name === undefined) return version
      if (kind === 'secret') return this.get(name)
      const address = addresses[name]
      if (address === undefined) throw new Error(`${whole}: there is no service ${name} in this environment`)
      return address
    })
  }

  /** Writes the folder that every container sees as /run/conformance. */
  async writeFolder(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(join(folder, 'secrets'), { recursive: true })
    const key = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'sec1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    // Readable by any user: proxies drop to users of their own, and the folder lives below one that only the run's owner may enter.
    const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o644 })
    await Promise.all([
      ...Object.entries(files).map(([name, text]) => write(name, text)),
      write('jwt.key', key.privateKey),
      ...[...this.#values].map(([name, value]) => write(join('secrets', name), value)),
    ])
  }
}
