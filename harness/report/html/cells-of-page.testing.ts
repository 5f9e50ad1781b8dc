/** What an environment's page carries of its cells, unpacked as its script does. */
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { unpackedText } from './packed-texts.ts'

/** `texts` are by the anchors of the cells; unpacked each is a `CellData`. */
const pageDataSchema = z
  .object({
    environment: z.string(),
    pieces: z.array(z.string()).readonly(),
    texts: z.record(z.string(), z.tuple([z.string(), z.string()]).readonly()).readonly(),
  })
  .readonly()

/** @returns what the page has of each cell, by its anchor, unchecked. @throws where its data is damaged */
export function cellsOfPage(page: string): {
  readonly environment: string
  readonly cells: ReadonlyMap<string, unknown>
} {
  const block = /<script type="application\/octet-stream" id="evidence">([\w+/=]*)<\/script>/.exec(page)
  if (block === null) throw new Error('The page has no element "evidence".')
  const data = pageDataSchema.parse(JSON.parse(gunzipSync(Buffer.from(block[1] ?? '', 'base64')).toString()))
  const cells = Object.keys(data.texts).map((name): [string, unknown] => [
    name,
    JSON.parse(unpackedText(data, name) ?? ''),
  ])
  return { environment: data.environment, cells: new Map(cells) }
}
