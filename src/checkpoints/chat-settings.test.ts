import { expect, test } from 'vitest'
import { conversationTokens, turnEndIds } from '../chat/answer-tokens.ts'
import { defaultChatTemplate, turnTokens } from '../chat/default-template.ts'
import { ChatTemplate } from '../chat/template.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText, writeText } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { readTokenizerSettings } from '../tokenizers/huggingface.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'

const tokenizer = (await trainCharacters(['abc 你\nassistant user'])).withSpecialTokens(['</s>', ...turnTokens])
const size = { context: 8, layers: 1, heads: 1, channels: 4, bias: true }
const model = new GPT2({ vocabulary: tokenizer.vocabularySize, ...size })
const weights = initialWeights(namedParameters(model), 1)
const template = new ChatTemplate(defaultChatTemplate)
const settings = { chatTemplate: defaultChatTemplate, specialNames: { eos_token: '</s>', pad_token: '<|im_end|>' } }

test('chat template, special tokens and turn ends go through save and load', async () => {
  const turnEnds = turnEndIds(tokenizer, template)
  expect(turnEnds).toEqual([tokenizer.specialTokens.get('<|im_end|>')])
  const storage = memoryStorage({ 'chat_template.jinja': 'of another model' })
  await saveModelFolder(storage, { model, weights, tokenizer, settings, turnEnds })
  const loaded = await loadModelFolder(storage)
  expect(loaded.settings).toEqual({ ...settings, specialNames: { ...settings.specialNames, bos_token: '</s>' } })
  expect(loaded.turnEnds).toEqual(turnEnds)
  expect(JSON.parse(await readText(storage, 'generation_config.json')).eos_token_id).toEqual([
    tokenizer.specialTokens.get('</s>'),
    ...turnEnds,
  ])
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: '你' },
  ] as const
  const again = new ChatTemplate(loaded.settings!.chatTemplate!)
  expect(conversationTokens(loaded.tokenizer, again, { messages })).toEqual(
    conversationTokens(tokenizer, template, { messages }),
  )
  await saveModelFolder(storage, loaded)
  expect(await loadModelFolder(storage)).toMatchObject({ settings: loaded.settings, turnEnds })
})

test('chat_template.jinja goes before tokenizer_config.json; a list of templates has a default', async () => {
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer, settings })
  await writeText(storage, 'chat_template.jinja', '{{ messages }}')
  expect((await loadModelFolder(storage)).settings?.chatTemplate).toBe('{{ messages }}')
  const list = [
    { name: 'tool_use', template: 'a' },
    { name: 'default', template: 'b' },
  ]
  expect(readTokenizerSettings({ chat_template: list, bos_token: { content: '<s>' } })).toEqual({
    chatTemplate: 'b',
    specialNames: { bos_token: '<s>' },
  })
  expect(() => readTokenizerSettings({ chat_template: 5 })).toThrow('chat_template expected a text, or a list')
})
