import { existsSync, readdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { type Digits, mnist, readMnist } from '../data/mnist.ts'
import { fetchDataset } from '../data/node.ts'
import { nodeStorage } from '../storage/node.ts'

/**
 * The digits that `--data` names: `mnist`, or a folder with four files of the same names.
 * @throws {OptionError} if it is neither
 * @throws {DataError} if a file is not what it should be
 */
export async function openDigits(
  { data, mirror }: { readonly data?: string; readonly mirror?: string },
  { environment, note }: { environment: Readonly<Record<string, string | undefined>>; note: (text: string) => void },
): Promise<{ readonly name: string; readonly train: Digits; readonly test: Digits }> {
  if (data !== undefined && existsSync(data) && statSync(data).isDirectory()) {
    const storage = nodeStorage(resolve(data))
    return { name: data, ...(await readMnist(readdirSync(data).map(name => ({ storage, name })))) }
  }
  if (data !== mnist.name) {
    const expected = `"${mnist.name}", or a folder with files like train-images-idx3-ubyte.gz`
    throw new OptionError({ what: 'Option --data', expected, received: data === undefined ? 'none' : `"${data}"` })
  }
  note(`Reading dataset ${data} ...`)
  return { name: data, ...(await readMnist(await fetchDataset(mnist, { environment, mirror }))) }
}
