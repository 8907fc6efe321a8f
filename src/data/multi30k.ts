import type { Dataset, DatasetFile } from './dataset.ts'

const folder =
  'https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw'

const packed = (name: string, bytes: number, sha256: string, unpackedSha256: string): DatasetFile => ({
  name,
  url: `${folder}/${name}`,
  bytes,
  sha256,
  compression: 'gzip',
  unpackedSha256,
})

/**
 * Captions of pictures in German and English, line by line: 29,000 to learn from, 1,014 to choose by, three tests.
 * Elliott et al., Multi30K: Multilingual English-German Image Descriptions, 2016. The captions come from Flickr30k, for
 * research and not for commerce; the repository states no licence.
 */
export const multi30k: Dataset = {
  name: 'multi30k',
  description: '31,014 captions of pictures in German and English, with tests of 2016 and 2017',
  language: 'de-en',
  licence: 'research, non-commercial',
  mirrorFolder: 'multi30k',
  files: [
    packed(
      'train.de.gz',
      637_044,
      '726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6',
      '2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72',
    ),
    packed(
      'train.en.gz',
      568_929,
      'd79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f',
      '460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6',
    ),
    packed(
      'val.de.gz',
      24_681,
      'f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a',
      '660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660',
    ),
    packed(
      'val.en.gz',
      21_650,
      '14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28',
      '1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227',
    ),
    packed(
      'test_2016_flickr.de.gz',
      22_890,
      '9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8',
      '4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16',
    ),
    packed(
      'test_2016_flickr.en.gz',
      21_077,
      '611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9',
      '399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182',
    ),
    packed(
      'test_2017_flickr.de.gz',
      21_471,
      'a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee',
      'c3078bc3b36808bf9d20eb2347ed6137016179ef59ec0d2b9b8ecc3fb2880081',
    ),
    packed(
      'test_2017_flickr.en.gz',
      19_138,
      '76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074',
      'ce1450ddc5ab0834502579d77a170849952e15a2938b34cc503bdc25ebb4fb98',
    ),
    packed(
      'test_2017_mscoco.de.gz',
      10_230,
      '799e4854c25d601cb6cb6be29eabe5667734c61ace2f495e03e429031a0bc338',
      '58277df3c75f92f7145a11b910b553d1cf82c439249d4dc237c899609eafac22',
    ),
    packed(
      'test_2017_mscoco.en.gz',
      8_844,
      'aab300bfb4427697987e02cd0aacd44bfe8aa50456231b6474c08038bbed2b58',
      '43051fdfa86fd5395182e718a94ca67b1b227b9f7c79596ff0f6b813216981d2',
    ),
  ],
}
