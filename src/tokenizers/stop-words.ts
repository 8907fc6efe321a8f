/**
 * Words that hold sentences together and say little about what they are about: the project's own lists, of function words
 * only. Negations ("not", "不") are no part of them, because a review without its "not" says the opposite.
 */

const english = `
  a an the
  i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
  it its itself they them their theirs themselves one oneself
  this that these those here there who whom whose which what when where why how
  am is are was were be been being do does did doing done have has had having
  can could may might must shall should will would
  and or but if then else so because as while although though unless until since whether both either
  of in on at by for with from to into onto over under about above below between among through during before after
  against within without up down off out upon along across around behind beside near toward towards via per
  again also just than too very more most some any all each every other another such same own only even still already
  yet ever once now quite rather almost perhaps maybe
  's 'm 're 've 'd 'll i'm you're he's she's it's we're they're i've you've we've they've i'd i'll
`

const chinese = `
  的 地 得 了 着 过 吗 呢 吧 啊 呀 嘛 啦 哦 哎 嗯
  我 你 您 他 她 它 我们 你们 他们 她们 它们 咱们 自己 大家 人家 别人
  这 那 这个 那个 这些 那些 这里 那里 这样 那样 这么 那么 哪 哪个 哪些 哪里 谁 什么 怎么 怎样 为什么 多少 几
  是 有 在 会 能 可以 可能 应该 要 想 让 使 被 把 将 给 对 对于 关于 向 往 从 自 由 于 以 为 为了 因为 因 由于 所以
  和 与 及 以及 或 或者 并 并且 而 而且 但 但是 可是 不过 然而 虽然 尽管 如果 假如 只要 只有 除了 则 即 就 才 也 都 还
  又 再 更 最 很 太 非常 十分 比较 已经 曾经 正在 刚 刚才 一直 总是 常常 经常 其 其中 其他 另外 此 此外 之 所 者 等
  一 一个 一些 一样 一下 每 每个 各 各种 某 某些 个 些 上 下 中 里 内 外 前 后 时 时候
`

const listOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** English and Chinese stop words, lower-cased. */
export const stopWords: Readonly<Record<'en' | 'zh', ReadonlySet<string>>> = {
  en: listOf(english),
  zh: listOf(chinese),
}
