/** A tag, which groups the operations of a job in the OpenAPI document. */
export interface Tag {
  name: string
  description?: string
}

/** The parts of an OpenAPI document that tags need. */
export interface TaggedDocument {
  paths: Record<string, Record<string, { tags?: string[] }>>
  tags?: Tag[]
}

/** Declares a tag in a document if operations have it, unless the app has declared it. */
export function declareTag (document: TaggedDocument, tag: Tag): void {
  const { paths, tags = [] } = document
  const isUsed = Object.values(paths).some(path => Object.values(path).some(operation => operation.tags?.includes(tag.name)))
  // Make a new list, because the old one may be part of the app's options.
  if (isUsed && tags.every(({ name }) => name !== tag.name)) document.tags = [...tags, tag]
}
