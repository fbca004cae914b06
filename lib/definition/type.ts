import { Type as TypeBox } from '@sinclair/typebox'
import type { TypeBuilder } from '../../types/type-builder.js'

/** TypeBox 0.34. The types that the cast adds also say which fields have a default, so that senders may omit them. */
export const Type = TypeBox as TypeBuilder
