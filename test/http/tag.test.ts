import t from 'tap'
import { declareTag, type Tag, type TaggedDocument } from '../../lib/http/tag.js'

const ours = { name: 'a', description: 'A.' }
const theirs = { name: 'b' }

const documents: Record<string, { declared?: Tag[], used?: string[], expected: Tag[] | undefined }> = {
  'no tags declared': { used: ['a'], expected: [ours] },
  'those of the host': { declared: [theirs], used: ['a'], expected: [theirs, ours] },
  'the same one of the host': { declared: [{ name: 'a', description: 'Own.' }], used: ['a'], expected: [{ name: 'a', description: 'Own.' }] },
  'declared before': { declared: [ours, theirs], used: ['a'], expected: [ours, theirs] },
  'a host that changed the tags': { used: ['v1'], expected: undefined },
  'a host that removed the tags': { expected: undefined }
}

for (const [name, { declared, used, expected }] of Object.entries(documents)) {
  t.test(name, async t => {
    const before = declared && [...declared]
    const document: TaggedDocument = { paths: { '/jobs': { get: {}, post: used ? { tags: used } : {} } }, ...(declared && { tags: declared }) }
    declareTag(document, ours)
    t.strictSame(document.tags, expected)
    t.strictSame(declared, before, 'the list of the host is as it was')
  })
}
