/** A forged identity behind so many header lines that a proxy may have stopped to look. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'

const lines = 150

export async function manyLines(stage: Stage): Promise<readonly Finding[]> {
  const others = Array.from({ length: lines }, (_, at) => [`X-Filler-${at + 1}`, '1'] as const)
  const { mark, exchange } = await stage.send({ headers: [...others, ['{identity}', '{bob}']] })
  const own = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  const forged = own
    .flatMap(({ headers }) => headers)
    .filter(([, value]) => value.includes(stage.nameOf('bob')))
    .map(([name]) => name)
  const answer = exchange.response?.status ?? 'no answer'
  const which = `the forged identity behind ${lines} other header lines`
  if (own.length === 0) return [{ met: true, says: `${which} did not arrive (the client got ${answer})` }]
  if (forged.length === 0) return [{ met: true, says: `${which} did not arrive` }]
  return [{ met: false, says: `${which} arrived in ${[...new Set(forged)].join(', ')}` }]
}
