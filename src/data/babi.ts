/**
 * bAbI: twenty kinds of questions about little stories, 1,000 to learn from and 1,000 to report on for each.
 * Weston et al., Towards AI-Complete Question Answering: A Set of Prerequisite Toy Tasks, 2015.
 */
import { DataError } from '../base/errors.ts'
import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { holdOut } from './held-out.ts'
import type { ReadOptions, TaskParts } from './labelled-text.ts'
import { mapParts, type Task } from './task.ts'
import { linesOf, type TextSource } from './text.ts'

const folder =
  'https://raw.githubusercontent.com/harvardnlp/MemN2N/f32f9531ba4230a7accc06b467c53d4d7322f62f/babi_data/en'

/** Name, bytes, SHA-256. */
const files: readonly (readonly [string, number, string])[] = [
  ['qa1_single-supporting-fact_train.txt', 94_346, 'c64ba9b1a49bbb111ffc4cd2ae4f129d25c012399dd7ade9679eea464b9afb05'],
  ['qa1_single-supporting-fact_test.txt', 94_477, '55acf66cef2f6d798e2aa1d056e1ec8f24e910ea9215b639450574321132959b'],
  ['qa2_two-supporting-facts_train.txt', 177_412, 'a4978af5bc0dc30191810e7c9949aaa6eae939ed0f6beb9fcb5f4330c2a27860'],
  ['qa2_two-supporting-facts_test.txt', 179_835, 'eff93fb9cd81ba02eb765772cf7cc269769ed44ec71cbbbc19cfb16ee5eba0f6'],
  ['qa3_three-supporting-facts_train.txt', 529_204, 'a6e78019f36a02a7ed71fe6aaded0b563ff09c8deec392931801fcd9c6af4d60'],
  ['qa3_three-supporting-facts_test.txt', 526_527, '17795c977100baf8188f386522ae301b62d6c1a13efc01b3aea781e588b4d57f'],
  ['qa4_two-arg-relations_train.txt', 117_470, 'c9370502d85fa382f32d1fea2111e817f81ae9e3e79eb2924a1a5392a90417fa'],
  ['qa4_two-arg-relations_test.txt', 117_394, '07f0ca18ddeea9eed4ba6d59e162adcb0ce44815721114b3540d92825509331e'],
  ['qa5_three-arg-relations_train.txt', 199_473, '086cd59c3ca9677bfac3d6a22ca5853c76a5c1fbae3159c7c4a6aef759a74ec0'],
  ['qa5_three-arg-relations_test.txt', 207_037, 'ec825c1c8a76e63a31f0d7a7763cd63740e98332fa9bdf246a19068949bd5f97'],
  ['qa6_yes-no-questions_train.txt', 100_561, '5a133115ee35d475776df703ff605d145b11effbcdbf7e74861f9d5639246a5a'],
  ['qa6_yes-no-questions_test.txt', 100_109, 'b108b16f1eccbd1c24df6dca2649079a7b2f10af7fd12d4c45a3393802de59e3'],
  ['qa7_counting_train.txt', 135_895, 'dca03bd91876951c49f1c971c83c9dd55404de60201b7b6435451cf7ddb4751c'],
  ['qa7_counting_test.txt', 130_136, 'a74d1f2b91329b2bae814d41cdac2fbdfdf0328562b7d8afa9a0fa576d461e27'],
  ['qa8_lists-sets_train.txt', 124_487, '058604df6f9440458317e8ae685d2b7b84261e1a80b4d6410a9140d16f81bf06'],
  ['qa8_lists-sets_test.txt', 126_863, '362a653c821a580fa315a85243b4f03bfa06fa7e0269b6f8e596f8fe6911646a'],
  ['qa9_simple-negation_train.txt', 97_310, '0c3b89921af0caea1c4059ee3f7b7f2a88869f924195a428da37820446b8c49f'],
  ['qa9_simple-negation_test.txt', 97_208, '63590aff3f89993db409f0e9a9eb39c2a5b9d5efff99b255d800a891b0044d9f'],
  ['qa10_indefinite-knowledge_train.txt', 99_217, '0b7691689447bab05476c5b48c44999b41e747c3978df69c18fdd87b60d6e8b3'],
  ['qa10_indefinite-knowledge_test.txt', 99_632, 'fde8f20ed0b3ba979058ed391a566af34653f23baab5b2793ee37f87ef4e88b7'],
  ['qa11_basic-coreference_train.txt', 104_520, '9468de9a1f256f43dfda693a5d07182d21149a82b65f7c2451c64e9cff5eb138'],
  ['qa11_basic-coreference_test.txt', 104_800, '46f3290d0158ce1285a40cd2d793f5a65f86ae5000226e165cbc85a3dfeb2f6f'],
  ['qa12_conjunction_train.txt', 114_560, '45c2764bb2d3c8f699d35e9d9aa7958fcd96379c6e907116cdf74526c108bb25'],
  ['qa12_conjunction_test.txt', 114_489, '6437718f8f9801ce345869e910b896836cdc6fd2d01dc7b4d2df49730703b4b1'],
  ['qa13_compound-coreference_train.txt', 116_516, '533a391edbda743e4c99504de88b40cdded5b1d5ef454d1390f0863f748a4cc9'],
  ['qa13_compound-coreference_test.txt', 116_444, '76a25b684f23c9cc473d8cd1465506168b9a1ec8891cfc59d0bbd87e6a064990'],
  ['qa14_time-reasoning_train.txt', 152_131, 'b7561cbc624205c9c2fdbb8c843cfa8ad90edd65e78bb223fc6dea8113662df8'],
  ['qa14_time-reasoning_test.txt', 151_420, 'e3f0b19858ffbec3ed1e49076cc4d1295a89ce146c50318b862f13f202b3caf2'],
  ['qa15_basic-deduction_train.txt', 87_688, 'e856ebfdcce4dd7d617c1d10f985e96a0850c0ca18e9a19a017cb710d135ed3d'],
  ['qa15_basic-deduction_test.txt', 87_769, '32b77e117fe9acf5f94906684e3b5206de0108e646c76e1da3e022896ec7ee94'],
  ['qa16_basic-induction_train.txt', 208_334, '20121005137e3d4b061a086eb177a456303d5742b764eb8da2d0e480b6af4d28'],
  ['qa16_basic-induction_test.txt', 208_208, '4a11e55366f2a5a859b5a81f683ee23801bdbe71ef984e51adb976bd053e8dcf'],
  ['qa17_positional-reasoning_train.txt', 68_596, '20083bf56ff74f0e7cf5e3e2f8c3905cdb8ef09293c3e8cf7a96ed8b45ae2277'],
  ['qa17_positional-reasoning_test.txt', 68_578, '9e1e0250ed4ec1831757fab26c04138f81ea557ebf6976a220db879cbed04bac'],
  ['qa18_size-reasoning_train.txt', 104_815, '18b7dcf52c9a0e87e4e7dd3d65b7e5a630de039645f52a1294197af7481d739d'],
  ['qa18_size-reasoning_test.txt', 103_626, 'd34f70eb7228a276fcb3a7854174fe562c5634f4fb454a39fc3d1ad9934be3ef'],
  ['qa19_path-finding_train.txt', 247_496, 'dcb788352a56effb7bea1449128f31cc9c342c8c327b6df2caeee0e379e6ad3a'],
  ['qa19_path-finding_test.txt', 247_449, '023e391f0d7f79c9e6ae1c46c093e2d0dbd50ab8fbd8965e037a75e3614c20e5'],
  ['qa20_agents-motivations_train.txt', 67_892, '29580ad55fb7b4b29ba014696056cc68f8f347dac3be88470fd692ad60150398'],
  ['qa20_agents-motivations_test.txt', 67_963, 'bd3bde3788ac14ba0ae095078f7b820fbd2bfa6a34dba9d1d46a34afde9c2729'],
]

export const babi: Dataset = {
  name: 'babi',
  description: 'questions about little stories, twenty kinds',
  language: 'en',
  licence: 'CC BY 3.0',
  mirrorFolder: 'babi',
  files: files.map(([name, bytes, sha256]) => ({ name, url: `${folder}/${name}`, bytes, sha256 })),
}

/** A question about the lines of a story that come before it. */
export interface StoryQuestion {
  readonly story: string
  readonly question: string
  /** One word, or several with commas. */
  readonly answer: string
  /** Its task: `qa1` to `qa20`. */
  readonly group: string
  /** The number of its story in the file. */
  readonly storyNumber: number
}

/**
 * All questions, 1,000 for each kind and part; a tenth of those to learn from, in whole stories, is to choose by.
 * @throws {DataError} if a file is missing, or a line of it is neither a sentence nor a question
 */
export async function readBabi(
  fetched: readonly FetchedFile[],
  options: ReadOptions = {},
): Promise<TaskParts<StoryQuestion>> {
  const parts = { train: [] as StoryQuestion[], validation: [] as StoryQuestion[], test: [] as StoryQuestion[] }
  let skipped = 0
  for (const [name] of files) {
    const read = await readStories(fetchedText(fileOf(babi, fetched, name)), name.split('_')[0], options)
    skipped += read.skipped
    if (name.endsWith('_test.txt')) parts.test.push(...read.questions)
    else {
      const { rest, held } = holdOut(read.questions, 100, ({ storyNumber }) => String(storyNumber))
      parts.train.push(...rest)
      parts.validation.push(...held)
    }
  }
  return { ...parts, skipped }
}

/**
 * Questions of one file: numbered lines, a story begins anew at 1; a question has its answer after a tab.
 * @throws {DataError} with file and line
 */
export async function readStories(
  source: TextSource,
  group: string,
  { malformed = 'refuse' }: ReadOptions = {},
): Promise<{ readonly questions: StoryQuestion[]; readonly skipped: number }> {
  const questions: StoryQuestion[] = []
  let story: string[] = []
  let storyNumber = 0
  let skipped = 0
  let line = 0
  for await (const content of linesOf(source)) {
    line++
    if (content.trim() === '') continue
    const [, number, rest] = /^(\d+) (.*)$/.exec(content) ?? []
    const [said, answer] = (rest ?? '').split('\t').map(cell => cell.trim())
    if (number === undefined || said === '' || answer === '') {
      if (malformed === 'refuse') {
        const expected = 'a number and a sentence, or a question, a tab and its answer'
        throw new DataError({ what: `${source.name}, line ${line},`, expected, received: JSON.stringify(content) })
      }
      skipped++
      continue
    }
    if (number === '1') {
      story = []
      storyNumber++
    }
    if (answer === undefined) story.push(said)
    else questions.push({ story: story.join('\n'), question: said, answer, group, storyNumber })
  }
  if (questions.length === 0) throw new DataError({ what: source.name, expected: 'questions', received: 'none' })
  return { questions, skipped }
}

const promptOf = ({ story, question, answer, group }: StoryQuestion) => ({
  prompt: `${story}\nQuestion: ${question}\nAnswer:`,
  answer,
  group,
})

const task = {
  language: 'en',
  form: 'answers',
  reported: 'test, of the 1,000 questions to learn from',
  joint: ' ',
  readFile: async (source, options) => {
    const { questions: test, skipped } = await readStories(source, 'all', options)
    return { parts: mapParts({ train: [], validation: [], test, skipped }, promptOf) }
  },
} satisfies Partial<Task>

/** All twenty, and each by itself: `babi`, `babi-1` to `babi-20`. */
export const babiTasks: readonly Task[] = Array.from({ length: 21 }, (_, kind) => ({
  ...task,
  name: kind === 0 ? 'babi' : `babi-${kind}`,
  dataset: babi,
  read: async (fetched: readonly FetchedFile[], options: ReadOptions) => {
    const { train, validation, test, skipped } = await readBabi(fetched, options)
    const own = (questions: readonly StoryQuestion[]) =>
      kind === 0 ? questions : questions.filter(({ group }) => group === `qa${kind}`)
    return {
      parts: mapParts({ train: own(train), validation: own(validation), test: own(test), skipped }, promptOf),
    }
  },
}))
