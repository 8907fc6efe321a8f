/** What every classifier of texts is told of the texts that it learns from. */
export const labelledTextOptions = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'labelled texts: a dataset (sst2, chnsenticorp, ...), or a .tsv or .csv file with columns "text" and "label"',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the file' },
  segmenter: {
    type: 'choice',
    choices: ['spaces', 'intl', 'jieba'],
    help: 'what cuts text into words (default: spaces for sst2, which is cut already, otherwise intl)',
  },
  validationFraction: {
    type: 'number',
    default: 0.1,
    above: 0,
    below: 1,
    help: 'part of a file that is held out; datasets have their own',
  },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'the same seed gives the same classifier' },
} as const
