import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'
const folder = `${raw}/yizhongw/self-instruct/0b26ccaa415992100fa32df62d41b994cf928e23`

/**
 * Tasks that instructions were bootstrapped from, and tasks of users that they were judged by; each has instances.
 * Wang et al., Self-Instruct: Aligning Language Models with Self-Generated Instructions, 2023.
 */
export const selfInstruct: Dataset = {
  name: 'self-instruct',
  description: '427 tasks with instances: the seeds, and those of users',
  language: 'en',
  licence: 'Apache-2.0',
  mirrorFolder: 'self_instruct',
  files: [
    {
      name: 'seed_tasks.jsonl',
      url: `${folder}/data/seed_tasks.jsonl`,
      bytes: 110_934,
      sha256: '7779004fa198fdf27cf70a159363879d8a26c53329e11b436af17b3941875f48',
    },
    {
      name: 'user_oriented_instructions.jsonl',
      url: `${folder}/human_eval/user_oriented_instructions.jsonl`,
      bytes: 170_193,
      sha256: '81d60a117db495cecedecd9193504fd07c5b5a42f6699ef6b0f9da10fc22f42e',
    },
  ],
}

/** BELLE's seeds in Chinese. Ji et al., BELLE: Be Everyone's Large Language model Engine, 2023. */
export const selfInstructChinese: Dataset = {
  name: 'self-instruct-zh',
  description: '175 seed tasks with instances, in Chinese',
  language: 'zh',
  licence: 'ODC-By',
  mirrorFolder: 'self_instruct',
  files: [
    {
      name: 'zh_seed_tasks.json',
      url: `${raw}/LianjiaTech/BELLE/645084d36454cdeb4e7f1ce9b2f3426bac39f1f9/data/1.5M/zh_seed_tasks.json`,
      bytes: 97_986,
      sha256: 'a4a599db63cd15823cfccc4b198f87585fa53ec5348148de023f674218175e34',
    },
  ],
}
