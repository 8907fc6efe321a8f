import type { Dataset } from './dataset.ts'

const folder =
  'https://raw.githubusercontent.com/spyysalo/databricks-dolly-translation/2ee771db87ba66de909ee0506a18d9e6ffb720e9/dolly-doc-in'

/**
 * Instructions and answers that people wrote: instruction, context, response.
 * Conover et al., Free Dolly: Introducing the World's First Truly Open Instruction-Tuned LLM, 2023.
 */
export const dolly: Dataset = {
  name: 'dolly',
  description: '15,015 instructions and answers that people wrote',
  language: 'en',
  licence: 'CC BY-SA 3.0',
  mirrorFolder: 'dolly',
  files: [
    {
      name: 'databricks-dolly-15k.jsonl.gz',
      url: `${folder}/dolly-00000.docx`,
      derivation: 'the records in dolly-00000.docx to dolly-00013.docx of that folder, as JSON lines, packed',
      bytes: 4_644_783,
      sha256: 'cc0153eb2777c90e1dce69265b19f8d57f34debe5ad2175108c0ea8125b6196a',
      compression: 'gzip',
      unpackedSha256: 'c013e6efab2dde92530ec7ed548cbac2f3a5ac379ec680322c3af81c733e5b42',
    },
  ],
}
