/** What groups the operations of a job in the document. */
export interface Tag {
  name: string
  description?: string
}

/** What a tag is declared in. */
export interface TaggedDocument {
  paths: Record<string, Record<string, { tags?: string[] }>>
  tags?: Tag[]
}

/** Declares a tag that operations in a document have, unless the host declares it. */
export function declareTag (document: TaggedDocument, tag: Tag): void {
  const { paths, tags = [] } = document
  const isUsed = Object.values(paths).some(path => Object.values(path).some(operation => operation.tags?.includes(tag.name)))
  // A new list: that one may be in the host's options.
  if (isUsed && tags.every(({ name }) => name !== tag.name)) document.tags = [...tags, tag]
}
