/**
 * Distillation: a student learns from what a teacher predicts, beside what the text says. Hinton, Vinyals and Dean,
 * Distilling the Knowledge in a Neural Network, 2015, section 2.
 * Shapes: B sequences, T tokens, V vocabulary.
 */
import { OptionError } from '../base/errors.ts'
import { compile } from '../compiler/compile.ts'
import { isRecurrent, type LanguageModel } from '../models/language-model.ts'
import { softTokenLosses } from '../nn/losses.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import type { Feeds } from './fit.ts'

export interface Teacher {
  readonly model: LanguageModel & object
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Softens the probabilities of both: 1 as they are, more and the unlikely tokens count more. */
  readonly temperature: number
  /** Share of the loss that compares with the teacher, 0 to 1; the rest is that of the text. */
  readonly share: number
}

/** A teacher at work: its forward pass is a program of its own. */
export interface OpenTeacher {
  /** The student's loss of each token, in nats: that of the text mixed with the comparison. [B, T] */
  mix(logits: Tensor, targets: Tensor, losses: Tensor): Tensor
  /** What the teacher makes of a micro-batch, as an input of the loss. */
  feeds(batch: { readonly ids: HostTensor }): Promise<Feeds>
  release(): Promise<void>
}

const inputName = 'teacher'

/**
 * @param shape - [B, T] of a micro-batch
 * @throws {OptionError} if the teacher has another vocabulary, sees less text or carries a state
 */
export async function openTeacher(
  runtime: Runtime,
  { model, weights, temperature, share }: Teacher,
  student: LanguageModel,
  shape: readonly [number, number],
): Promise<OpenTeacher> {
  requireTeacher(model, student)
  const probabilities = model
    .logits(input('ids', shape, 'int64'))
    .mul(1 / temperature)
    .softmax()
  const names = parameterNames(namedParameters(model))
  const program = await compile(runtime, { probabilities }, { parameterNames: names })
  const fixed = weightFeeds(model, weights)
  const soft = input(inputName, [...shape, student.vocabulary])
  return {
    mix: (logits, targets, losses) => {
      const compared = softTokenLosses(logits, soft, temperature).mul(temperature ** 2) // gradients of soft targets shrink by T²
      return losses.mul(1 - share).add(targets.greaterOrEqual(0).where(compared, 0).mul(share))
    },
    feeds: async ({ ids }) => ({ [inputName]: (await program.run({ ...fixed, ids })).probabilities }),
    release: () => program.release(),
  }
}

function requireTeacher(teacher: LanguageModel, student: LanguageModel): void {
  const problem = isRecurrent(teacher)
    ? ['one that attends: a window is all that it sees', 'a recurrent model']
    : teacher.vocabulary !== student.vocabulary
      ? [`the student's vocabulary of ${student.vocabulary} tokens`, String(teacher.vocabulary)]
      : teacher.context < student.context
        ? [`a context of at least ${student.context} tokens`, String(teacher.context)]
        : undefined
  if (problem === undefined) return
  const [expected, received] = problem
  throw new OptionError({ what: 'The teacher', expected, received })
}
