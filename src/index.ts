/** The neutral door: everything that needs no host. Hosts come from `nacre/node` and `nacre/web`. */

export { gradient } from './autodiff/gradient.ts'
export type { DType, TypedArray } from './base/dtype.ts'
export * from './base/errors.ts'
export { Random } from './base/random.ts'
export type { Shape } from './base/shape.ts'
export type { ChartAxis } from './charts/axis.ts'
export { type BarChartOptions, type BarSeries, barChart } from './charts/bar-chart.ts'
export type { ChartOptions } from './charts/draw.ts'
export { type HeatMapOptions, heatMap } from './charts/heat-map.ts'
export { type LineChartOptions, type LineSeries, lineChart } from './charts/line-chart.ts'
export { type ScatterChartOptions, type ScatterGroup, type ScatterPoint, scatterChart } from './charts/scatter-chart.ts'
export { conversationExamples, conversationTokens, turnEndIds } from './chat/answer-tokens.ts'
export { chatModel, templateOf } from './chat/chat-model.ts'
export type { Conversation, Message, Role, Tool, ToolCall } from './chat/conversation.ts'
export { chatDatasetNames, readChatDataset } from './chat/datasets.ts'
export { defaultChatTemplate, turnTokens } from './chat/default-template.ts'
export {
  buildExamples,
  type ExampleOptions,
  type ExampleReport,
  splitRecords,
  type TooLong,
  tooLongPolicies,
} from './chat/examples.ts'
export { type ChatRecord, type FormatOptions, formats, type PlacedRecord, readChatRecords } from './chat/formats.ts'
export {
  assistantConversations,
  assistantReading,
  freshAssistant,
  smallWorldAssistant,
} from './chat/small-world-assistant.ts'
export {
  askAbout,
  type SmallWorldConversationOptions,
  smallWorldConversations,
} from './chat/small-world-conversations.ts'
export { type ExamAnswer, type Examinee, type ExamOptions, smallWorldExam } from './chat/small-world-exam.ts'
export { ChatTemplate, type ChatTemplateOptions } from './chat/template.ts'
export { adaptedStorage } from './checkpoints/adapted-storage.ts'
export { type Adapter, isAdapterFolder, openAdapter } from './checkpoints/adapter.ts'
export {
  type BertPart,
  loadBertFolder,
  loadBertTokenizer,
  requireBertParts,
  type SavedBERT,
  saveBertFolder,
} from './checkpoints/bert.ts'
export {
  loadBertClassifierFolder,
  loadBertTaskFolder,
  type SavedBertClassifier,
  type SavedBertTask,
  saveBertTaskFolder,
} from './checkpoints/bert-task-folder.ts'
export { type ModelFiles, readCharRNN } from './checkpoints/charrnn.ts'
export {
  type ClassifierArchitecture,
  loadClassifierFolder,
  modelTypeOf,
  multiLayerPerceptronArchitecture,
  type SavedClassifier,
  saveClassifierFolder,
} from './checkpoints/classifier-folder.ts'
export { loadFineTunedFolder, type SavedFineTuned, saveFineTunedFolder } from './checkpoints/fine-tuned-folder.ts'
export { type NamedBytes, readLlama2c, readLlama2cTokenizer } from './checkpoints/llama2c.ts'
export { loadModelFolder, type SavedModel, saveModelFolder } from './checkpoints/model-folder.ts'
export { readOpenAIGPT, readOpenAIGPTWeights } from './checkpoints/openai-gpt.ts'
export {
  loadRecurrentClassifierFolder,
  type SavedRecurrentClassifier,
  saveRecurrentClassifierFolder,
} from './checkpoints/recurrent-classifier-folder.ts'
export { openSafetensors, writeSafetensors } from './checkpoints/safetensors.ts'
export {
  loadTextClassifierFolder,
  type SavedTextClassifier,
  saveTextClassifierFolder,
} from './checkpoints/text-classifier-folder.ts'
export {
  loadTranslatorFolder,
  markersOf,
  type SavedTranslator,
  saveTranslatorFolder,
} from './checkpoints/translator-folder.ts'
export { readWordVectors, type WordVectorFormat, writeWordVectors } from './checkpoints/word-vectors.ts'
export { type CompileOptions, compile, compileToOnnx, host, type Program } from './compiler/compile.ts'
export { agNews, readAgNews } from './data/ag-news.ts'
export { babi, readBabi, readStories, type StoryQuestion } from './data/babi.ts'
export { randomWindows, sequentialWindows } from './data/batches.ts'
export { type BertMarkers, type BertRow, bertMarkers, bertPair, bertTask, bertText } from './data/bert-rows.ts'
export { questionRow, questionWindows, taggedRow, wordsRow } from './data/bert-task-rows.ts'
export { catalog, findDataset } from './data/catalog.ts'
export { chinesePoetry, readPoems } from './data/chinese-poetry.ts'
export { chnsenticorp, readChnSentiCorp } from './data/chnsenticorp.ts'
export { classificationTaskNames, readClassificationTask } from './data/classification-tasks.ts'
export { cola, readCola } from './data/cola.ts'
export type { Dataset, DatasetFile } from './data/dataset.ts'
export { digitOf } from './data/digit-picture.ts'
export { documentsOf, type EncodedDocuments, encodeDocuments } from './data/documents.ts'
export { type Epochs, shuffledEpochs } from './data/epochs.ts'
export { datasetText, type FetchedFile, fetchedText } from './data/get.ts'
export { finalNumber, gsm8k, readGsm8k, type WordProblem } from './data/gsm8k.ts'
export { type IdxArray, parseIdx, readIdx } from './data/idx.ts'
export * from './data/labelled-text.ts'
export { type MaskedBatch, MaskedBatches, type MaskedBatchOptions } from './data/masked-batches.ts'
export { type MaskingOptions, maskWords } from './data/masking.ts'
export { type Digits, digitSize, digitVectors, readMnist, type StoredFile, sliceDigits } from './data/mnist.ts'
export { mrpc, readMrpc } from './data/mrpc.ts'
export { type TextPair, TextPairs } from './data/next-sentence.ts'
export { ocnli, readOcnli } from './data/ocnli.ts'
export {
  type PackedBatch,
  type PackedExamples,
  type PackingOptions,
  packExamples,
  type TrainingExample,
} from './data/packing.ts'
export { type EncodedPair, lengthBuckets, type MarkerIds, pairUpdates } from './data/pair-batches.ts'
export { type PairTask, pairDatasets, pairTask } from './data/pair-tasks.ts'
export * from './data/pairs.ts'
export { type Picture, readDrawing, readPng } from './data/picture.ts'
export {
  type RecordFileOptions,
  type RecordFormat,
  recordFile,
  recordFormat,
  textRecords,
} from './data/record-files.ts'
export { type DataRecord, RecordProblems, type RecordSource, readRecords } from './data/records.ts'
export { readRte, rte } from './data/rte.ts'
export {
  type DocumentPosition,
  type DocumentStreamOptions,
  shuffledDocuments,
  type TokenPosition,
  type TokenStream,
  type TokenStreamOptions,
  textOfShards,
  tokenStream,
} from './data/shard-stream.ts'
export { type Shard, type ShardDocument, type ShardOptions, shardOf } from './data/shards.ts'
export * from './data/small-world.ts'
export { readSnli, snli } from './data/snli.ts'
export { cosine as cosineSimilarity, SparseRows, type SparseVector } from './data/sparse-rows.ts'
export { readSst2, type Sst2, sst2 } from './data/sst2.ts'
export { readStopwordsZh, stopwordsZh } from './data/stopwords-zh.ts'
export { parallelStreams, ringStreams } from './data/streams.ts'
export { readStsb, stsb } from './data/stsb.ts'
export * from './data/task.ts'
export { findTask, tasks } from './data/tasks.ts'
export { joinTexts, linesOf, memoryText, splitText, type TextSource } from './data/text.ts'
export {
  type EncodedText,
  type TextBatch,
  type TextBatchOptions,
  textBatches,
  textBuckets,
} from './data/text-batches.ts'
export { readThucnewsTitles, thucnewsTitles } from './data/thucnews-titles.ts'
export { loadTokens, memoryTokens, type TokenSource, writeTokens } from './data/token-shards.ts'
export { exactMatch, normalizeAnswer, tokenF1 } from './evaluation/answer-match.ts'
export { type Bleu, type BleuOptions, bleu } from './evaluation/bleu.ts'
export { type ChrfOptions, chrf } from './evaluation/chrf.ts'
export * from './evaluation/classification-metrics.ts'
export { pearson, ranks, spearman } from './evaluation/correlation.ts'
export { type BootstrapOptions, bootstrap, type Interval, percentileInterval, wilson } from './evaluation/intervals.ts'
export {
  type AskedModel,
  evaluateLanguageModel,
  type LanguageTaskOptions,
  type LanguageTaskResult,
  type Outcome,
} from './evaluation/language-task.ts'
export {
  type Continuation,
  continuationOf,
  type Likelihood,
  type LikelihoodScorer,
  likelihoodScorer,
} from './evaluation/likelihood.ts'
export { NGrams } from './evaluation/ngrams.ts'
export { type Perplexity, perplexity, scoreTokens } from './evaluation/score.ts'
export { commonestShare, type Metric as TaskMetric, taskMetrics } from './evaluation/task-metrics.ts'
export { type TextPerplexity, type TextWindow, textMetrics, textPerplexity } from './evaluation/text-perplexity.ts'
export type { TranslationScore } from './evaluation/translation-metric.ts'
export {
  type AnalogyResult,
  type AnalogySection,
  analogyAccuracy,
  parseAnalogies,
  type SectionResult,
} from './evaluation/word-analogies.ts'
export { type MappedWord, mapWords, type WordMap } from './evaluation/word-map.ts'
export {
  parseRatedPairs,
  type RatedPair,
  type SimilarityResult,
  wordSimilarity,
} from './evaluation/word-similarity.ts'
export * from './generation/beam.ts'
export { type BertEncoder, bertEncoder, type Filling } from './generation/bert-encoder.ts'
export * from './generation/generate.ts'
export { type GreedyWriter, greedyWriter } from './generation/greedy-writer.ts'
export {
  cachedPredictor,
  type LoadedModel,
  type LoadedPredictor,
  naivePredictor,
  type Predictor,
} from './generation/predictor.ts'
export * from './generation/sampling.ts'
export { type Alignment, alignmentOf, type Translation, translateTexts } from './generation/translate.ts'
export {
  andGate,
  combinations,
  fire,
  majorityGate,
  type Neuron,
  type NeuronNet,
  nandGate,
  notGate,
  orGate,
  runNet,
  type Signal,
  truthTable,
  truthTableText,
  xorNet,
} from './models/1943-neuron.ts'
export {
  type Labelled,
  MulticlassPerceptron,
  mistakeBound,
  Perceptron,
  type PerceptronTraining,
  trainPerceptron,
} from './models/1957-perceptron.ts'
export * as backpropagation from './models/1974-backpropagation.ts'
export {
  type Activation,
  MultiLayerPerceptron,
  type MultiLayerPerceptronConfiguration,
  multiLayerPerceptronSizes,
} from './models/1980-multi-layer-perceptron.ts'
export { RNN, type RNNConfiguration } from './models/1982-rnn.ts'
export { LSTM, type LSTMConfiguration, lstmSizes } from './models/1997-lstm.ts'
export { type Word2vecConfiguration, word2vecPublished } from './models/2013-word2vec.ts'
export { GRU, type GRUConfiguration } from './models/2014-gru.ts'
export { Seq2Seq, type Seq2SeqConfiguration, seq2seqSizes } from './models/2014-seq2seq.ts'
export { Transformer, type TransformerConfiguration, transformerSizes } from './models/2017-transformer.ts'
export { TransformerDecoder, type TransformerDecoderConfiguration } from './models/2017-transformer-decoder.ts'
export { BERT, type BERTConfiguration, bertPublished, bertSizes } from './models/2018-bert.ts'
export { GPT, type GPTConfiguration, gptPublished } from './models/2018-gpt.ts'
export { GPT2, type GPT2Configuration, gpt2Published, gpt2Sizes } from './models/2019-gpt2.ts'
export { GPT3, type GPT3Configuration, gpt3Published, gpt3Sizes } from './models/2020-gpt3.ts'
export {
  Llama,
  type LlamaConfiguration,
  type LlamaSize,
  llamaHidden,
  llamaPublished,
  llamaSizes,
} from './models/2023-llama.ts'
export { BertClassifier, BertReader, BertTagger } from './models/bert-tasks.ts'
export type { DecoderStep, EncoderDecoder, EncoderDecoderOptions } from './models/encoder-decoder.ts'
export { type Combination, FineTunedClassifier, pairInput, textInput } from './models/fine-tuning.ts'
export { type ModelSize, modelEntry, type TimelineEntry, timeline } from './models/index.ts'
export { isRecurrent, type LanguageModel, type LogitsOptions, windowTokens } from './models/language-model.ts'
export { LogisticRegression, type LogisticRegressionConfiguration } from './models/logistic-regression.ts'
export { lookUpWeights } from './models/look-up-weights.ts'
export type { EncodeTextInput, EncodeTextOptions, MaskedLanguageModel } from './models/masked-language-model.ts'
export { neighbourWeights } from './models/neighbour-weights.ts'
export { RecurrentClassifier, type RecurrentClassifierConfiguration } from './models/recurrent-classifier.ts'
export * from './models/text-vectors.ts'
export { type TranslatorEntry, translatorEntry, translators } from './models/translators.ts'
export { type AnalogyRule, type Neighbour, type NeighbourOptions, WordVectors } from './models/word-vectors.ts'
export { attention, causalAttention, causalMask } from './nn/attention.ts'
export { Dropout, dropoutKeys } from './nn/dropout.ts'
export * as initializers from './nn/initializers.ts'
export { KeyValueCache } from './nn/key-value-cache.ts'
export { Embedding, LayerNormalization, Linear } from './nn/layers.ts'
export { crossEntropy, softTokenLosses, tokenLosses } from './nn/losses.ts'
export { addLowRank, LowRankLinear, type LowRankOptions, mergeLowRank } from './nn/low-rank.ts'
export type { Memory, MemorySize } from './nn/memory.ts'
export { initialWeights, namedParameters, parameterCount, parameterNames, weightFeeds } from './nn/parameters.ts'
export { meanOfTokens } from './nn/pooling.ts'
export {
  applyLayers,
  BidirectionalLayer,
  ElmanLayer,
  GRULayer,
  LSTMLayer,
  type RecurrentKind,
  type RecurrentLayer,
  RecurrentMemory,
  type RecurrentOptions,
  type RecurrentResult,
  recurrentLayer,
} from './nn/recurrent.ts'
export { type AdamOptions, adam, adamW } from './optim/adamw.ts'
export { hiddenMatrices, type MuonOptions, muon } from './optim/muon.ts'
export type { Optimizer } from './optim/optimizer.ts'
export { constantRate, cosine, inverseSquareRoot, linear, type Schedule, warmUp } from './optim/schedules.ts'
export { sgd } from './optim/sgd.ts'
export type { DeviceTensor, HostTensor, Runtime, Session, Value } from './runtime/runtime.ts'
export { memoryStorage } from './storage/memory.ts'
export { readText, type Storage } from './storage/storage.ts'
export { apply, constant, full, type Initializer, input, Parameter, scalar, Tensor } from './tensor/tensor.ts'
export { type BPETrainingOptions, trainByteLevelBPE } from './tokenizers/bpe-training.ts'
export { ByteLevelBPE } from './tokenizers/byte-level-bpe.ts'
export { CharacterTokenizer, trainCharacters } from './tokenizers/characters.ts'
export { gpt2Tokenizer } from './tokenizers/gpt2-files.ts'
export {
  readTokenizerSettings,
  type TokenizerSettings,
  tokenizerConfig,
  tokenizerFromJSON,
} from './tokenizers/huggingface.ts'
export {
  intlSegmenter,
  isWord,
  type Segmenter,
  segmenterFor,
  segmenterNamed,
  spaceSegmenter,
} from './tokenizers/segmenter.ts'
export { SentencePieceBPE, type SentencePieceModel } from './tokenizers/sentencepiece-bpe.ts'
export { stopWords } from './tokenizers/stop-words.ts'
export { type SubwordTrainingOptions, trainWordBPE, trainWordPiece } from './tokenizers/subword-training.ts'
export { encodeChunks, promptIds, type TokenDecoder, type Tokenizer } from './tokenizers/tokenizer.ts'
export { gptTokenizer, WordBPE, type WordBPEModel } from './tokenizers/word-bpe.ts'
export { bertTokens, WordPiece, wordPieceVocabulary } from './tokenizers/word-piece.ts'
export { trainWords, WordTokenizer, type WordTrainingOptions } from './tokenizers/words.ts'
export {
  type BertEvent,
  type BertRunInput,
  type BertRunOptions,
  settleBertOptions,
  trainBertRun,
} from './training/bert-run.ts'
export {
  bertReader,
  bertTagger,
  type FoundAnswer,
  type TextAnswers,
  type WordTags,
} from './training/bert-tasks.ts'
export { loadState, saveState, stateFile } from './training/checkpoint.ts'
export {
  type ClassifierOptions,
  type ClassifierScore,
  type ClassifierScorer,
  type ClassifierValidation,
  classifierScorer,
  type Examples,
  trainClassifier,
  type VectorClassifier,
} from './training/classifier.ts'
export {
  type ClassifierEvent,
  type ClassifierRunInput,
  settleClassifierOptions,
  trainClassifierRun,
} from './training/classifier-run.ts'
export {
  type ContrastiveExample,
  type ContrastiveOptions,
  contrastiveLoss,
  trainContrastive,
  withoutHeads,
} from './training/contrastive.ts'
export { type Cost, costLine } from './training/cost.ts'
export type { Teacher } from './training/distillation.ts'
export { encodeTask, type FineTuned, loadFineTuned, type PreTrained, type TaskExample } from './training/fine-tuned.ts'
export {
  type FineTuningRunInput,
  type FineTuningRunOptions,
  fineTuneRun,
  resumedFineTuningOptions,
  settleFineTuningOptions,
} from './training/fine-tuning-run.ts'
export {
  type Best,
  type Feeds,
  type Fit,
  type FitOptions,
  type FitStep,
  fit,
  type HeldOut,
  type StepBatch,
} from './training/fit.ts'
export { growVocabulary } from './training/grow-vocabulary.ts'
export { type Metric, readMetrics } from './training/metrics.ts'
export { type Preset, presets } from './training/presets.ts'
export {
  type RecurrentClassifierRunInput,
  settleRecurrentClassifierOptions,
  trainRecurrentClassifierRun,
} from './training/recurrent-classifier-run.ts'
export { type RunEvent, type RunInput, type RunOptions, trainRun } from './training/run.ts'
export {
  type SequenceClassifier,
  type SequenceClassifierOptions,
  type SequenceScore,
  type SequenceScorer,
  sequenceScorer,
  trainSequenceClassifier,
} from './training/sequence-classifier.ts'
export { settleOptions } from './training/settle-options.ts'
export {
  flatStep,
  type StepOptions,
  type StepPosition,
  type StepResult,
  type TrainingState,
  type TrainingStep,
} from './training/step.ts'
export { type SupervisedEvent, type SupervisedRunInput, superviseRun } from './training/supervised-run.ts'
export { type ClassMetric, classMetric } from './training/task-metric.ts'
export * from './training/text-classifier.ts'
export { type Training, type TrainingEvent, type TrainOptions, train } from './training/train.ts'
export {
  type MaskedScore,
  type MaskedScorer,
  type MaskedTraining,
  type MaskedTrainingOptions,
  type MaskedValidation,
  maskedScorer,
  trainMasked,
} from './training/train-masked.ts'
export {
  type TranslationOptions,
  type TranslationTraining,
  trainTranslation,
} from './training/train-translation.ts'
export { translationOptions } from './training/translation-options.ts'
export {
  settleTranslationOptions,
  type TranslationRunInput,
  type TranslationRunOptions,
  trainTranslationRun,
} from './training/translation-run.ts'
export { wholeStep } from './training/whole-step.ts'
export { type PhraseOptions, phrasedWords } from './training/word2vec/phrases.ts'
export {
  trainWord2vec,
  type VectorsEvent,
  type Word2vecInput,
  type Word2vecOptions,
  word2vecDefaults,
} from './training/word2vec/run.ts'
export { textWords, type WordOptions, type WordSource } from './training/word2vec/words.ts'
