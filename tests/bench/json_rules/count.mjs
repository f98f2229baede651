// The count rule ("more than 20 uses of a card in a day") as somebody with json-rules-engine would write it: the engine has no windows,
// so the uses of the last day are kept here and given to it as a fact. Prints records a second, as the Menshen bench reads them.

import { Engine } from 'json-rules-engine'

const kRecords = 200_000
const kCards = 10_000
const kMonth = 30 * 86_400_000
const kDay = 86_400_000

const engine = new Engine()
engine.addRule({
  name: 'card-overuse',
  conditions: {
    all: [
      { fact: 'kind', operator: 'equal', value: 'granted' },
      { fact: 'uses', operator: 'greaterThan', value: 20 },
    ],
  },
  event: { type: 'card-overuse' },
})

// A small generator, so that both sides see the same kind of stream and neither waits for a disk.
let state = 1n
const random = () => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
  return Number(state >> 33n)
}
const stream = Array.from({ length: kRecords }, (_, i) => ({
  at: Math.floor((i * kMonth) / kRecords),
  kind: 'granted',
  card: `card-${random() % kCards}`,
}))

const recent = new Map()
let fired = 0
const begin = process.cpuUsage()
for (const record of stream) {
  const uses = recent.get(record.card) ?? []
  while (uses.length > 0 && record.at - uses[0] >= kDay) uses.shift()
  uses.push(record.at)
  recent.set(record.card, uses)
  const { events } = await engine.run({ kind: record.kind, uses: uses.length })
  fired += events.length
}
const used = process.cpuUsage(begin)
console.error(`${fired} fired`)
console.log(kRecords / ((used.user + used.system) / 1e6))
