import type { OpenApiObject } from './components.js'

/** What groups the operations of a job in the document. */
export interface Tag {
  name: string
  description?: string
}

/** Declares a tag that operations in a document have, unless the host declares it. */
export function declareTag (document: OpenApiObject, tag: Tag): void {
  const { paths, tags = [] } = document
  const isUsed = Object.values(paths).some(path => Object.values(path).some(operation => operation.tags?.includes(tag.name)))
  // A new list: that one may be in the host's options.
  if (isUsed && tags.every(({ name }) => name !== tag.name)) document.tags = [...tags, tag]
}
