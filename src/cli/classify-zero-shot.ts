import { jointOf, promptTemplate } from '../data/prompt-template.ts'
import { continuationOf, likelihoodScorer } from '../evaluation/likelihood.ts'
import type { OpenClassifier } from './classify.ts'
import { type ModelPlace, openModel } from './open-model.ts'

/**
 * A language model that was never taught to classify: which of the choices it would go on with after the prompt, as GPT
 * does it in section 5 of its paper. Their probabilities are those of the model, restricted to them.
 */
export async function openZeroShot(
  folder: string,
  { prompt = '{text}', choices }: { readonly prompt?: string; readonly choices: readonly string[] },
  place: ModelPlace,
): Promise<OpenClassifier> {
  const model = await openModel(folder, place)
  const scorer = likelihoodScorer(model, { batchSize: choices.length })
  const fill = promptTemplate(prompt)
  const joint = jointOf(choices)
  return {
    labels: choices,
    readsPairs: true,
    classify: async (input, given) => {
      const [text, second] = given === undefined ? input.split('\t') : [input, given]
      const asked = fill({ text, second })
      const requests = choices.map(continuation =>
        continuationOf(model.tokenizer, { prompt: asked, continuation, joint }),
      )
      const scores = (await scorer.score(requests)).map(({ logProbability }) => logProbability)
      const largest = Math.max(...scores)
      const shares = scores.map(score => Math.exp(score - largest))
      const whole = shares.reduce((sum, share) => sum + share, 0)
      return { probabilities: shares.map(share => share / whole) }
    },
  }
}
