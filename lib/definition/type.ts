import { Type as TypeBox } from '@sinclair/typebox'
import type { TypeBuilder } from '../../types/type-builder.js'

/** TypeBox 0.34, whose types here also tell which fields have a default: who sends a value may leave them out. */
export const Type = TypeBox as TypeBuilder
