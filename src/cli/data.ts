import { catalog, findDataset } from '../data/catalog.ts'
import { type Dataset, datasetBytes } from '../data/dataset.ts'
import { fetchDataset } from '../data/node.ts'
import { columnsOf, tableOf, wrapColumns } from './columns.ts'
import type { Command, CommandGroup, Sink } from './command.ts'

const list: Command = {
  arguments: [],
  options: {},
  run({ report, print, json, host }) {
    if (json) for (const dataset of catalog) report({ type: 'dataset', ...dataset }, '')
    const rows = catalog.map(dataset => [
      dataset.name,
      dataset.language,
      dataset.generated ? 'made here' : formatBytes(datasetBytes(dataset)),
      dataset.licence,
    ])
    const head = ['NAME', 'LANGUAGE', 'SIZE', 'LICENCE']
    const [widest] = tableOf([head, ...rows].map(row => [...row, '|'])).split('\n')
    const room = Math.max(24, host.stdout.columns - columnsOf(widest))
    // A description that is longer than its room goes on below itself.
    const wrapped = catalog.flatMap(({ description }, i) =>
      wrapColumns(description, room).map((line, j) => [...(j === 0 ? rows[i] : head.map(() => '')), line]),
    )
    print(tableOf([[...head, 'WHAT IT IS'], ...wrapped]))
    print('\nnacre data get NAME fetches one.')
  },
}

const getOptions = {
  mirror: {
    type: 'string',
    placeholder: 'DIR',
    help: 'take the files from this folder, not from the network (or set NACRE_DATA_MIRROR)',
  },
} as const

const get: Command<typeof getOptions> = {
  arguments: [{ name: 'NAME', help: 'a name of nacre data list', many: true }],
  options: getOptions,
  examples: ['nacre data get tinyshakespeare'],
  async run({ arguments: names, options: { mirror }, host, json, note, report, signal }) {
    for (const dataset of names.map(findDataset)) {
      if (dataset.generated) {
        note(`${dataset.name}: made here, there is nothing to fetch. Use it with --data ${dataset.name}.`)
        continue
      }
      const progress = json ? undefined : progressLine(host.stderr, dataset)
      const files = await fetchDataset(dataset, {
        mirror,
        environment: host.environment,
        signal,
        onProgress: ({ file, bytesDone }) => progress?.show(file.name, bytesDone, file.bytes),
      }).finally(() => progress?.clear())
      for (const { file, from, location } of files) {
        const { bytes, sha256, url } = file
        report(
          { type: 'file', dataset: dataset.name, file: file.name, path: location, from, bytes, sha256, url },
          location,
        )
      }
      note(`${dataset.name}: ${formatBytes(datasetBytes(dataset))}, verified. Licence: ${dataset.licence}.`)
    }
  },
}

export const command: CommandGroup = {
  commands: [
    { name: 'list', summary: 'list the datasets that nacre knows', load: async () => ({ command: list }) },
    { name: 'get', summary: 'fetch datasets, and print where they are', load: async () => ({ command: get }) },
  ],
}

/** One line that is written over, on a terminal only. */
function progressLine(sink: Sink, dataset: Dataset): { show: typeof show; clear(): void } {
  const show = (file: string, done: number, all: number) => {
    if (sink.isTerminal)
      sink.write(`\r\x1b[K${dataset.name}/${file} ${formatBytes(done)} of ${formatBytes(all)}`.slice(0, sink.columns))
  }
  return { show, clear: () => sink.isTerminal && sink.write('\r\x1b[K') }
}

function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
