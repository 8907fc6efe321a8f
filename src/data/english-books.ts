import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'

/**
 * Novels of Austen, Carroll, Charlotte Brontë, Dickens, Doyle, Melville and Tolstoy, and Darwin's books: 2.5 million words.
 * The books of Project Gutenberg keep its header and licence; lines are wrapped, empty lines part the paragraphs.
 */
export const englishBooks: Dataset = {
  name: 'english-books',
  description: 'eight books and collected works of the 19th century',
  language: 'en',
  licence: 'public domain',
  mirrorFolder: 'english_corpora',
  files: [
    {
      name: 'gutenberg/alice_in_wonderland.txt',
      url: `${raw}/GITenberg/Alice-s-Adventures-in-Wonderland_11/7f18748e114b994d5d9454d5793581bc0b9cf9d7/11-0.txt`,
      bytes: 173_595,
      sha256: '49a0b2726606e1290ac03a63978fa1dd1bd38a8d805704d98265f393533ea094',
    },
    {
      name: 'gutenberg/charlotte_bronte_collected.txt',
      url: `${raw}/ml5js/ml5-data-and-models/0612a3e7c51cbffdc5db701dff49d16d1ac26fa8/datasets/text/charlotte_bronte/bronte.txt`,
      bytes: 3_837_278,
      sha256: 'f6ddc6ec0b1e2c4f692a8365963ceaf1dbae3ef641e0f934db9c860dc71ff087',
    },
    {
      name: 'gutenberg/darwin_collected.txt',
      url: `${raw}/ml5js/ml5-data-and-models/0612a3e7c51cbffdc5db701dff49d16d1ac26fa8/datasets/text/darwin/darwin.txt`,
      bytes: 3_495_013,
      sha256: '751005e661905556d4ec32eec42850f6845dd5581a06e28df11f7dfaa05d47b6',
    },
    {
      name: 'gutenberg/great_expectations.txt',
      url: `${raw}/GITenberg/Great-Expectations_1400/889db0e100928a957f469bf834c564d04065c8e6/1400.txt`,
      bytes: 1_033_801,
      sha256: '64cd8797f6439d21be03154b8e3e97c4fe8c0df6f032a98871a5554c0621c500',
    },
    {
      name: 'gutenberg/moby_dick.txt',
      url: `${raw}/GITenberg/Moby-Dick--Or-The-Whale_2701/bdf1948e6cd00963730971e5624e764a35f238c3/2701-0.txt`,
      bytes: 1_276_201,
      sha256: 'baf9b04fcf6e0008f30eaaa6697277751448c1070b20175e0082f28cbb161fd3',
    },
    {
      name: 'gutenberg/pride_and_prejudice.txt',
      url: `${raw}/GITenberg/Pride-and-Prejudice_1342/81db45c9c48c592f0b77f01fc59e677ad0a5634e/1342-0.txt`,
      bytes: 724_725,
      sha256: '48e0522844402a86a3ea98f0947ba85ea54838db3c59022299298ed968a5a163',
    },
    {
      name: 'gutenberg/sherlock_holmes.txt',
      url: `${raw}/GITenberg/The-Adventures-of-Sherlock-Holmes_1661/7e5dd2703fbf503c004063e96ab7c61262375e5f/1661.txt`,
      bytes: 594_941,
      sha256: '2a0ce5568625a304f54fbb6bfdeeadf527a1437254b5f0e06b5a9e233d4784a2',
    },
    {
      name: 'gutenberg/war_and_peace.txt',
      url: `${raw}/GITenberg/War-and-Peace_2600/fa22ab90f00f627e83d14acabe32d91602d2365d/2600-0.txt`,
      bytes: 3_359_542,
      sha256: '6cbcc5ca5e590fb9ace161a5b93e4ecf280d7118104be0d63b686c004cfa70ae',
    },
  ],
}
