/** Dialogues with an assistant, with tools and without. */
import type { Dataset, DatasetFile } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'
const factory = `${raw}/hiyouga/LLaMA-Factory/ff6d4d12eeb035d6ce06805a5733dd7b29f2ac30/data`
const medical = `${raw}/shibing624/MedicalGPT/2f1008cfa49cbba69ff6f138c3b5e2fb0646bdc7/data`

const file = (url: string, bytes: number, sha256: string, name = url.slice(url.lastIndexOf('/') + 1)): DatasetFile => ({
  name,
  url,
  bytes,
  sha256,
})

/** A sample of Glaive's dialogues in which functions are called, in ShareGPT's format. */
export const toolCalls: Dataset = {
  name: 'tool-calls',
  description: '300 dialogues in which tools are called',
  language: 'en',
  licence: 'Apache-2.0',
  mirrorFolder: 'sft_misc',
  files: [
    file(
      `${factory}/glaive_toolcall_en_demo.json`,
      738_925,
      '8b84773e44e71881f32490080350734cad3069dc227eafd771ccfb80732f6437',
    ),
  ],
}

/** The same in Chinese. */
export const toolCallsChinese: Dataset = {
  name: 'tool-calls-zh',
  description: '300 dialogues in which tools are called, in Chinese',
  language: 'zh',
  licence: 'Apache-2.0',
  mirrorFolder: 'sft_misc',
  files: [
    file(
      `${factory}/glaive_toolcall_zh_demo.json`,
      680_684,
      'd5bbc25b250ff7578ea339abe90a612511866d9beb1ea3b66d094b4f250c9c50',
    ),
  ],
}

/** Who the assistant is: its name and its makers' stand as {{name}} and {{author}}. */
export const identity: Dataset = {
  name: 'identity',
  description: '91 questions about who the assistant is, with {{name}} and {{author}} to be filled in',
  language: 'en',
  licence: 'Apache-2.0',
  mirrorFolder: 'sft_misc',
  files: [file(`${factory}/identity.json`, 20_306, 'fd029da7dd3df283ed034c82375d16d125a7b07cf1cb0316d03fb8743057d5f2')],
}

/** Dialogues of people with ChatGPT, in Chinese. */
export const shareGPTChinese: Dataset = {
  name: 'sharegpt-zh',
  description: '1,000 dialogues with ChatGPT, of several turns, in Chinese',
  language: 'zh',
  licence: 'research only',
  mirrorFolder: 'sft_misc',
  files: [
    file(
      `${medical}/sft/sharegpt_zh_1K_format.jsonl`,
      4_081_858,
      '08ab43801354186487c8f11f457cb8a2d232a30a3cd68431098540acf8603ac4',
      'sharegpt_zh_1K.jsonl',
    ),
  ],
}

/** Dialogues with two answers, of which one was preferred: chosen and rejected. */
export const preferences: Dataset = {
  name: 'preferences',
  description: '300 dialogues with a chosen and a rejected answer',
  language: 'en',
  licence: 'Apache-2.0',
  mirrorFolder: 'dpo',
  files: [
    file(`${factory}/dpo_en_demo.json`, 1_575_286, 'b949be2421cfa62744afcf1b479f95b299d643d1a4c1c97d1341b314a1aa5cb3'),
  ],
}

/** The same in Chinese, of two origins. */
export const preferencesChinese: Dataset = {
  name: 'preferences-zh',
  description: '800 dialogues with a chosen and a rejected answer, in Chinese',
  language: 'zh',
  licence: 'Apache-2.0; part research',
  mirrorFolder: 'dpo',
  files: [
    file(`${factory}/dpo_zh_demo.json`, 853_311, '9ea7206bc1a45df8b7811d1fc02d5555c65379d05905f343da88f221ff145376'),
    file(
      `${medical}/reward/dpo_zh_500.jsonl`,
      1_304_236,
      '03d19b829de4e1b5ece9baf956b6b3e92ebd8341fe2d18ab5fce51cf9d7cda16',
    ),
  ],
}

/**
 * People who tried to lead an assistant astray, with a chosen and a rejected course. It holds offensive text.
 * Bai et al., Training a Helpful and Harmless Assistant with Reinforcement Learning from Human Feedback, 2022.
 */
export const harmless: Dataset = {
  name: 'hh-rlhf-harmless',
  description: '2,312 dialogues, chosen and rejected, about harm (offensive text)',
  language: 'en',
  licence: 'MIT',
  mirrorFolder: 'hh_rlhf',
  files: [
    {
      ...file(
        `${raw}/anthropics/hh-rlhf/354e5c3cb8960630860dd5774a6ac2a58313bf4d/harmless-base/test.jsonl.gz`,
        3_280_164,
        '14d765196c9f18d84f9bb3a78bac608c8f2915110ebcbd74ec95db7b7198b008',
        'harmless-base-test.jsonl',
      ),
      derivation: 'that file unpacked',
    },
  ],
}

/**
 * Dialogues about films, music and travel, of many turns, in Chinese; what is known to the speakers is left out here.
 * Zhou et al., KdConv: A Chinese Multi-domain Dialogue Dataset Towards Multi-turn Knowledge-driven Conversation, 2020.
 */
export const kdconv: Dataset = {
  name: 'kdconv',
  description: '450 dialogues about films, music and travel, in Chinese',
  language: 'zh',
  licence: 'Apache-2.0',
  mirrorFolder: 'kdconv_zh',
  files: (
    [
      ['film', 1_363_416, '2f156d8d34bdd3eac31c196772156d36e017f8cb2255a2c312bd98e367ed363e'],
      ['music', 945_559, 'ee34a4af167195db43fdcc910f8d125956222517f0572d248a069057493d557f'],
      ['travel', 904_751, '8d1f31295888cf61eff398bab8aa042f7fccd04a088bd63c939f0b79625a9093'],
    ] as const
  ).map(([topic, bytes, sha256]) => {
    const url = `${raw}/thu-coai/KdConv/653db76432de09a004ba708a68f8bbd5500e6bec/data/${topic}/dev.json`
    return file(url, bytes, sha256, `${topic}_dev.json`)
  }),
}
