/** The words of the small world in English and Chinese. Weights are shares within a class. */
import type { Forms, Lexicon, Word, WordClass } from './grammar.ts'

/** One word a line: the English name, the Chinese one, then what the class needs, and the weight. Fields end at `|`. */
function words(table: string, word: (fields: string[]) => { en: Forms; zh: Forms }): Word[] {
  return table
    .trim()
    .split('\n')
    .map(line => {
      const fields = line.split('|').map(field => field.trim())
      return { weight: Number(fields.at(-1)), ...word(fields.slice(0, -1)) }
    })
}

/** Words that need no more than a name; the English one may need an article: `{quality0.a}`. */
function names(table: string): WordClass {
  return {
    distinct: false,
    words: words(table, ([en, zh]) => ({
      en: { name: en, a: withArticle(en), is: en },
      zh: { name: zh, a: zh, is: zh.endsWith('的') ? zh : `${zh}的` },
    })),
  }
}

/** The same, never twice in a text. */
function apart(table: string): WordClass {
  return { ...names(table), distinct: true }
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

const pronouns = {
  f: { subject: 'she', object: 'her', possessive: 'her', zh: '她' },
  m: { subject: 'he', object: 'him', possessive: 'his', zh: '他' },
}

const person: WordClass = {
  distinct: true,
  words: words(
    `
    Mia   | 米娅   | f | 6
    Tom   | 汤姆   | m | 6
    Lucy  | 露西   | f | 5
    Jack  | 杰克   | m | 5
    Anna  | 安娜   | f | 5
    Peter | 彼得   | m | 4
    Emma  | 艾玛   | f | 4
    Leo   | 里奥   | m | 4
    Ming  | 小明   | m | 4
    Hong  | 小红   | f | 4
    Nora  | 诺拉   | f | 3
    Sam   | 山姆   | m | 3
    Alice | 爱丽丝 | f | 3
    David | 大卫   | m | 3
    Lily  | 莉莉   | f | 3
    Henry | 亨利   | m | 2
    Helen | 海伦   | f | 2
    Paul  | 保罗   | m | 2
    Sofia | 索菲娅 | f | 1
    Eric  | 埃里克 | m | 1`,
    ([en, zh, gender]) => {
      const { zh: pronoun, ...forms } = pronouns[gender as keyof typeof pronouns]
      return {
        en: { name: en, ...forms },
        zh: { name: zh, subject: pronoun, object: pronoun, possessive: `${pronoun}的` },
      }
    },
  ),
}

/** English: the preposition of being there, the name, and how one gets there. Chinese: the name, and where one is. */
const place: WordClass = {
  distinct: true,
  words: words(
    `
    in the kitchen    | to the kitchen    | 厨房   | 厨房里   | 6
    in the garden     | to the garden     | 花园   | 花园里   | 6
    in the park       | to the park       | 公园   | 公园里   | 5
    at the school     | to the school     | 学校   | 学校里   | 5
    in the library    | to the library    | 图书馆 | 图书馆里 | 4
    at the station    | to the station    | 车站   | 车站     | 4
    on the beach      | to the beach      | 海滩   | 海滩上   | 4
    at the market     | to the market     | 市场   | 市场里   | 3
    in the forest     | into the forest   | 森林   | 森林里   | 3
    by the river      | to the river      | 河边   | 河边     | 3
    on the hill       | up the hill       | 山上   | 山上     | 3
    in the museum     | to the museum     | 博物馆 | 博物馆里 | 2
    on the bridge     | to the bridge     | 桥上   | 桥上     | 2
    in the bakery     | to the bakery     | 面包店 | 面包店里 | 2
    on the farm       | to the farm       | 农场   | 农场里   | 2
    at the harbour    | to the harbour    | 港口   | 港口     | 1
    in the attic      | up to the attic   | 阁楼   | 阁楼里   | 1
    on the square     | to the square     | 广场   | 广场上   | 1`,
    ([inside, to, zh, zhInside]) => ({
      en: { name: inside.replace(/^\w+ /, ''), in: inside, to },
      zh: { name: zh, in: zhInside, to: zh },
    }),
  ),
}

/** English noun, Chinese noun and its measure word, what one does with it in both languages. */
const thing: WordClass = {
  distinct: true,
  words: words(
    `
    ball     | 球     | 个 | played with the ball     | 玩了一会儿球     | 6
    book     | 书     | 本 | read the book            | 看了一会儿书     | 6
    key      | 钥匙   | 把 | cleaned the key          | 擦了擦钥匙       | 5
    cup      | 杯子   | 个 | washed the cup           | 洗了杯子         | 5
    hat      | 帽子   | 顶 | put on the hat           | 戴上了帽子       | 5
    letter   | 信     | 封 | read the letter          | 读了信           | 4
    kite     | 风筝   | 只 | flew the kite            | 放了一会儿风筝   | 4
    umbrella | 雨伞   | 把 | opened the umbrella      | 撑开了雨伞       | 4
    lamp     | 灯     | 盏 | lit the lamp             | 点亮了灯         | 3
    coat     | 大衣   | 件 | put on the coat          | 穿上了大衣       | 3
    basket   | 篮子   | 个 | looked into the basket   | 看了看篮子里面   | 3
    box      | 盒子   | 个 | opened the box           | 打开了盒子       | 3
    bell     | 铃铛   | 个 | rang the bell            | 摇响了铃铛       | 3
    drum     | 鼓     | 面 | beat the drum            | 敲了敲鼓         | 3
    flute    | 笛子   | 支 | played the flute         | 吹了一会儿笛子   | 2
    pencil   | 铅笔   | 支 | drew with the pencil     | 用铅笔画了画     | 2
    map      | 地图   | 张 | studied the map          | 研究了地图       | 2
    clock    | 闹钟   | 个 | wound the clock          | 给闹钟上了发条   | 2
    scarf    | 围巾   | 条 | put on the scarf         | 围上了围巾       | 2
    blanket  | 毯子   | 条 | folded the blanket       | 叠好了毯子       | 2
    chair    | 椅子   | 把 | sat down on the chair    | 坐在了椅子上     | 2
    stone    | 石头   | 块 | looked at the stone      | 看了看石头       | 1
    doll     | 娃娃   | 个 | played with the doll     | 玩了一会儿娃娃   | 1
    apple    | 苹果   | 个 | smelled the apple        | 闻了闻苹果       | 1`,
    ([en, zh, measure, use, zhUse]) => ({
      en: { name: en, the: `the ${en}`, a: withArticle(en), use },
      zh: { name: zh, the: zh, one: `一${measure}`, measure, use: zhUse },
    }),
  ),
}

/** The names of words, each as likely as another and more than once in a text. */
function evenly({ words: all }: WordClass): WordClass {
  return {
    distinct: false,
    words: all.map(({ en, zh }) => ({ weight: 1, en: { name: en.name }, zh: { name: zh.name } })),
  }
}

export const lexicon: Lexicon = {
  person,
  place,
  thing,
  trait: names(`
    red    | 红色的   | 5
    blue   | 蓝色的   | 5
    green  | 绿色的   | 4
    yellow | 黄色的   | 4
    white  | 白色的   | 3
    black  | 黑色的   | 3
    old    | 旧       | 4
    new    | 新       | 4
    pretty | 漂亮的   | 2
    orange | 橙色的   | 2
    heavy  | 沉甸甸的 | 1
    odd    | 奇怪的   | 1`),
  weather: names(`
    sunny | 晴朗 | 5
    rainy | 下雨 | 4
    windy | 刮风 | 3
    cold  | 寒冷 | 3
    warm  | 温暖 | 2
    quiet | 安静 | 2
    snowy | 下雪 | 1
    foggy | 有雾 | 1`),
  time: names(`
    morning   | 早晨 | 5
    afternoon | 下午 | 4
    evening   | 傍晚 | 3
    night     | 夜晚 | 2
    day       | 日子 | 2
    weekend   | 周末 | 1`),
  daytime: names(`
    morning   | 早上 | 4
    afternoon | 下午 | 2
    evening   | 晚上 | 3`),
  manner: names(`
    quietly    | 悄悄地     | 4
    happily    | 高兴地     | 3
    eagerly    | 急切地     | 2
    carefully  | 小心地     | 2
    secretly   | 偷偷地     | 2
    bravely    | 勇敢地     | 1
    proudly    | 得意地     | 1`),
  moving: names(`
    went    | 去了   | 5
    walked  | 走到了 | 4
    ran     | 跑到了 | 3
    hurried | 赶到了 | 2
    came    | 来到了 | 1`),
  taking: names(`
    took      | 拿起了 | 4
    picked up | 捡起了 | 3
    grabbed   | 抓起了 | 1`),
  leaving: names(`
    left | 留在了 | 3
    put  | 放在了 | 2
    hid  | 藏在了 | 1`),
  giving: names(`
    gave   | 送给了 | 4
    handed | 递给了 | 3
    passed | 传给了 | 1`),
  meeting: {
    distinct: false,
    words: words(
      `
      talked to       |          | 和 | 聊了聊         | 4
      smiled at       |          | 对 | 笑了笑         | 3
      waved to        |          | 向 | 挥了挥手       | 3
      told            | a joke   | 给 | 讲了一个笑话   | 2
      told            | a secret | 对 | 说了一个秘密   | 1
      sang            | a song   | 给 | 唱了一首歌     | 1`,
      ([before, after, zhBefore, zhAfter]) => ({
        en: { name: before, before, after: after && ` ${after}` },
        zh: { name: zhAfter, before: zhBefore, after: zhAfter },
      }),
    ),
  },
  gladness: names(`
    happy    | 高兴 | 5
    glad     | 开心 | 4
    proud    | 自豪 | 2
    pleased  | 满意 | 2
    excited  | 兴奋 | 2
    cheerful | 快活 | 1`),
  sadness: names(`
    sad     | 难过 | 5
    worried | 担心 | 4
    upset   | 沮丧 | 3
    angry   | 生气 | 2
    puzzled | 困惑 | 1`),
  quality: names(`
    good    | 美好的   | 4
    long    | 漫长的   | 3
    strange | 奇妙的   | 2
    busy    | 忙碌的   | 2
    unusual | 不寻常的 | 1`),
  need: names(`
    hungry  | 饿 | 4
    tired   | 累 | 3
    thirsty | 渴 | 2
    sleepy  | 困 | 1`),
  topic: {
    distinct: true,
    words: words(
      `
      film    | 这部电影   | 5
      book    | 这本书     | 4
      concert | 这场音乐会 | 3
      hotel   | 这家旅馆   | 3
      soup    | 这碗汤     | 3
      cake    | 这块蛋糕   | 3
      play    | 这出戏     | 2
      song    | 这首歌     | 2
      trip    | 这次旅行   | 2
      game    | 这个游戏   | 2
      party   | 这次聚会   | 1
      teacher | 这位老师   | 1`,
      ([en, zh]) => ({ en: { name: en }, zh: { name: zh } }),
    ),
  },
  praise: apart(`
    wonderful   | 精彩   | 5
    great       | 棒     | 4
    lovely      | 可爱   | 3
    excellent   | 出色   | 3
    charming    | 迷人   | 2
    interesting | 有意思 | 2
    perfect     | 完美   | 1`),
  blame: apart(`
    boring        | 无聊     | 5
    bad           | 差       | 4
    terrible      | 糟糕     | 3
    disappointing | 令人失望 | 2
    dull          | 乏味     | 2
    awful         | 可怕     | 1`),
  degree: names(`
    very       | 非常 | 4
    really     | 真的很 | 3
    truly      | 相当 | 2
    remarkably | 特别 | 1`),
  animals: {
    distinct: false,
    words: words(
      `
      an elephant | a mouse   | 大象 | 老鼠 | 4
      a horse     | a cat     | 马   | 猫   | 3
      a whale     | a duck    | 鲸鱼 | 鸭子 | 2
      a bear      | a bee     | 熊   | 蜜蜂 | 2
      a cow       | a hen     | 牛   | 母鸡 | 2
      a tiger     | a frog    | 老虎 | 青蛙 | 1`,
      ([big, small, zhBig, zhSmall]) => ({
        en: { name: big, big, small },
        zh: { name: zhBig, big: zhBig, small: zhSmall },
      }),
    ),
  },
  known: {
    distinct: false,
    words: words(
      `
      are bananas   | yellow | blue  | 香蕉   | 黄色的 | 蓝色的 | 3
      is snow       | white  | black | 雪     | 白色的 | 黑色的 | 3
      is grass      | green  | red   | 草     | 绿色的 | 红色的 | 3
      are tomatoes  | red    | white | 西红柿 | 红色的 | 白色的 | 2
      is coal       | black  | green | 煤     | 黑色的 | 绿色的 | 2
      is the sea    | blue   | brown | 大海   | 蓝色的 | 棕色的 | 2
      are chestnuts | brown  | blue  | 栗子   | 棕色的 | 蓝色的 | 1`,
      ([is, colour, wrong, zh, zhColour, zhWrong]) => ({
        en: { name: is, is, it: is.startsWith('are') ? 'they are' : 'it is', colour, wrong },
        zh: { name: zh, is: zh, it: zh, colour: zhColour, wrong: zhWrong },
      }),
    ),
  },
  opposite: {
    distinct: false,
    words: words(
      `
      big   | small | 大   | 小   | 3
      long  | short | 长   | 短   | 3
      hot   | cold  | 热   | 冷   | 2
      fast  | slow  | 快   | 慢   | 2
      early | late  | 早   | 晚   | 2
      happy | sad   | 快乐 | 悲伤 | 2
      open  | closed | 开  | 关   | 1
      full  | empty | 满   | 空   | 1`,
      ([en, other, zh, zhOther]) => ({ en: { name: en, other }, zh: { name: zh, other: zhOther } }),
    ),
  },
  sky: {
    distinct: false,
    words: words(
      `
      sunny  | under a sunny sky  | 晴空下   | 4
      cloudy | under a cloudy sky | 多云的天空下 | 3
      rainy  | under a rainy sky  | 雨中    | 2
      starry | under the stars    | 星空下   | 2`,
      ([en, over, zh]) => ({ en: { name: en, over }, zh: { name: zh, over: zh } }),
    ),
  },
  ground: {
    distinct: false,
    words: words(
      `
      meadow | on a meadow   | 草地上 | 4
      sand   | on the sand   | 沙滩上 | 3
      snow   | on the snow   | 雪地上 | 2
      street | on the street | 街道上 | 2`,
      ([en, on, zh]) => ({ en: { name: en, on }, zh: { name: zh, on: zh } }),
    ),
  },
  colour: names(`
    red    | 红色的 | 5
    blue   | 蓝色的 | 5
    green  | 绿色的 | 4
    yellow | 黄色的 | 4
    orange | 橙色的 | 3
    white  | 白色的 | 2
    black  | 黑色的 | 2
    purple | 紫色的 | 1`),
  size: names(`
    big   | 大 | 1
    small | 小 | 1`),
  figure: {
    distinct: true,
    words: words(
      `
      ball   | 球   | 个 | 4
      box    | 盒子 | 个 | 3
      kite   | 风筝 | 只 | 2
      tree   | 树   | 棵 | 4
      house  | 房子 | 座 | 4
      tent   | 帐篷 | 顶 | 2
      boat   | 船   | 条 | 2
      flower | 花   | 朵 | 3
      flag   | 旗子 | 面 | 2
      cup    | 杯子 | 个 | 2`,
      ([en, zh, measure]) => ({ en: { name: en }, zh: { name: zh, one: `一${measure}` } }),
    ),
  },
  someone: evenly(person),
  something: evenly(thing),
  somewhere: evenly(place),
  mood: names(`
    happy   | 高兴 | 1
    glad    | 开心 | 1
    proud   | 自豪 | 1
    pleased | 满意 | 1
    excited | 兴奋 | 1
    sad     | 难过 | 1
    worried | 担心 | 1
    upset   | 沮丧 | 1
    angry   | 生气 | 1
    puzzled | 困惑 | 1`),
  creature: names(`
    cat      | 猫 | 1
    horse    | 马 | 1
    mouse    | 老鼠 | 1
    elephant | 大象 | 1
    duck     | 鸭子 | 1
    bear     | 熊 | 1
    bee      | 蜜蜂 | 1
    cow      | 牛 | 1
    hen      | 母鸡 | 1
    frog     | 青蛙 | 1
    tiger    | 老虎 | 1
    whale    | 鲸鱼 | 1`),
  sign: apart(`
    alpha   | 甲 | 1
    beta    | 乙 | 1
    gamma   | 丙 | 1
    delta   | 丁 | 1
    epsilon | 戊 | 1
    zeta    | 己 | 1
    eta     | 庚 | 1
    theta   | 辛 | 1
    kappa   | 壬 | 1
    lambda  | 癸 | 1`),
}
