import type { Dataset, DatasetFile } from './dataset.ts'

const corpus = 'https://raw.githubusercontent.com/gunthercox/chatterbot-corpus/a01efece26661309b870af0251d96f94ee09fb19'

type Listed = readonly [name: string, bytes: number, sha256: string]

const filesOf = (language: string, listed: readonly Listed[]): DatasetFile[] =>
  listed.map(([name, bytes, sha256]) => ({
    name,
    url: `${corpus}/chatterbot_corpus/data/${language}/${name}`,
    bytes,
    sha256,
  }))

const english: readonly Listed[] = [
  ['ai.yml', 8_340, '620a65787a56641db4a03e1419a7578e813967218cf6721e3ea4ef90844916aa'],
  ['botprofile.yml', 1_385, '1a694c5288f3f8f87d027d2f98dae71d02efa88e28853a6e5d27e6dbce907294'],
  ['coding.yml', 64_011, '0de8d7d7e6095164c59d7b0ef97c402c770c2d7982f485ab372dc6736c1a4e79'],
  ['computers.yml', 3_744, 'a222c5a432efe4289e6c5edf1c3d99fd26c48df99db0ff893d1d5ab569f5b750'],
  ['conversations.yml', 4_682, '1cf105b5802f377b2dc145f741f7df85629c9ca27e450538165286a75b5e3416'],
  ['emotion.yml', 10_337, '510a018938c1880dd0f67e1ae458e26878c91a570daef5a84fb83713c89f0989'],
  ['food.yml', 1_266, '68eab2497721d03044d520b70c27d8a0d8ba8e505b3265fb3a1ff3e1a64c7124'],
  ['gossip.yml', 2_119, 'd6f1b1613ed70821fc1c427bdd00395f58b77ff57d76fbe4ab8cb2038cf15c9b'],
  ['greetings.yml', 1_035, '0dd7eb8dcee8e2a38cd1a137bcfbd7f3eb732cddfa1bd396fac5a24b063a4d55'],
  ['health.yml', 201, 'eb88edc5302d688ca096374c7e3f5b9d7cd821f053a17d80204c4acdc20ea4f5'],
  ['history.yml', 795, '0ff4beeb6ef9b641dc12e1039a149c6a03eb8f2e183702fad2b0997fcc1d63e3'],
  ['humor.yml', 3_522, 'd2aa03a63f0e8e054589f642788afbc41b8c76f5d734c50901a9a63b359ea06b'],
  ['literature.yml', 4_077, '9361ff1478273d811259ca307a1e6be23a5e08e776a5bc5d9524fb13deb886f1'],
  ['money.yml', 2_375, '2911d9766625ff5c2feb3d784f2951b2ebd5e9658547efce7568d0282c49274b'],
  ['movies.yml', 1_387, '075ca9d91a527206c635c88bf0353323826a25a6f2057be1bc71888af389f842'],
  ['politics.yml', 1_399, 'c436d5efedea6f715a8a811423a8edf396097771eb11e43b1f0a43a6aee7c2f0'],
  ['psychology.yml', 4_227, '5047c211d35f715af4fbc3398f111135e99d34afcd0905a661c40bdeb1413a58'],
  ['science.yml', 2_397, '3c259799bba36c67a1601fc264ec01ab051e9e63950734ce1ef644e022081fe7'],
  ['sports.yml', 2_113, '8d1bcc632cad4058e3b8490daa15dcd7c2a51790a7b9140b252600b794590403'],
  ['tech_support.yml', 97_407, '8a87cdf32579c8efdd9c5f3ef166ae9fb76dcf271b958f5e2265b9246b430655'],
  ['trivia.yml', 19_836, '3a9de77e6d82803d1ea3eba48cf6543c884908f4c4f50501fed69f88112994dc'],
]

const chinese: readonly Listed[] = [
  ['ai.yml', 4_206, '2bcf4865be21fe3617cc32bb6f7322e3b976fc367600c28c39f9d666713e26fc'],
  ['botprofile.yml', 587, '7e036208f4df2a873591c40f973a5c421a1676f9d6d36de2fd8bd3b7fed3f734'],
  ['conversations.yml', 3_636, 'b689bacb7b35467c5340f18b32a363a3affb76747c0e6bba78c17bbd15fafb66'],
  ['emotion.yml', 2_606, 'b49abd01b2102d187dbb0d83ad989115d641d9b6798fa098adde2e7922ea4dff'],
  ['food.yml', 493, '3d117953affeb6c62ab10ee2d9b58adabcef7b87e42c75afcb738e80b91ef702'],
  ['gossip.yml', 854, '5417ed7c694d4202e43be49fb7eb40aba81ec95f90115428adeaab6afe391002'],
  ['greetings.yml', 908, '3ee79c3f1c35af1022bf46049968ab22435044b3bc9a287d72c1733c05322329'],
  ['history.yml', 667, '1c54656a5c9054ab783f0f7ff903c0f1bf7d3e2b39f0daaeb0054a41ce24ef99'],
  ['humor.yml', 5_994, 'c0b0b7a819d87e22d7ce4af11ffd8545692cfa7632bc66658a537db6ec22dc95'],
  ['literature.yml', 2_127, '823ce961391461ddfbde987f766082d39cee02349fd6adc1e686b761eec9e9e1'],
  ['money.yml', 1_974, '25b942878b8eed6fa3ef6a3cc3400323c5278dc37ee43c1ae31e818af6284574'],
  ['movies.yml', 1_369, 'c047762ac4df1ce634efd00346c73076b1f66600f1e7fdabd6d96062eb8976df'],
  ['politics.yml', 993, 'c7b2b23eeacf1bbeeff5ce9a767b76e6c7df81068850b03d79a48f4064f5df97'],
  ['psychology.yml', 4_938, '4ab365ccfc38b078269a75bbc7beb5a88bacad1340ee2cdb008924d8bcb4317e'],
  ['science.yml', 2_483, '5491bac9e5a6deaece06138fc235e9387e26bb73730b32afe43b5f28fb79ba15'],
  ['sports.yml', 1_559, '315658785fdefc6e15579d4c82971073a39dabe0ff9bf0b95ed10530dd206803'],
  ['trivia.yml', 916, '46c1f8bd45d3d3e0c7f7644e7a1d9f8f23d2ecdf7f57bcb0709b355eabd114f2'],
]

/** Questions with answers in YAML, by topic. */
export const chatterbotEnglish: Dataset = {
  name: 'chatterbot-en',
  description: '2,025 short dialogues in English, by topic',
  language: 'en',
  licence: 'BSD-3-Clause',
  mirrorFolder: 'chatterbot_english',
  files: filesOf('english', english),
}

/** The same in Chinese. */
export const chatterbotChinese: Dataset = {
  name: 'chatterbot-zh',
  description: '467 short dialogues in Chinese, by topic',
  language: 'zh',
  licence: 'BSD-3-Clause',
  mirrorFolder: 'chatterbot_chinese',
  files: filesOf('chinese', chinese),
}
