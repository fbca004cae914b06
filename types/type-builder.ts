import type {
  ArrayOptions, IntegerOptions, NumberOptions, ObjectOptions, SchemaOptions, StringOptions,
  TArray, TBoolean, TInteger, TLiteral, TLiteralValue, TNumber, TObject, TProperties, TSchema, TString, TUnion, TUnsafe, Type
} from '@sinclair/typebox'

/*
 * TypeBox's own types do not say whether a schema has a default. These do. `{ default: unknown }` is spelled out each
 * time instead of being a named type: the declarations of a package that exports a definition must be able to write it.
 */

/** TypeBox's builders, for options with a default. */
interface BuildersWithDefault {
  Array: <Items extends TSchema>(items: Items, options: ArrayOptions & { default: unknown }) => TArray<Items> & { default: unknown }
  Boolean: (options: SchemaOptions & { default: unknown }) => TBoolean & { default: unknown }
  Integer: (options: IntegerOptions & { default: unknown }) => TInteger & { default: unknown }
  Literal: <Value extends TLiteralValue>(value: Value, options: SchemaOptions & { default: unknown }) => TLiteral<Value> & { default: unknown }
  Number: (options: NumberOptions & { default: unknown }) => TNumber & { default: unknown }
  Object: <Properties extends TProperties>(properties: Properties, options: ObjectOptions & { default: unknown }) => TObject<Properties> & { default: unknown }
  String: (options: StringOptions & { default: unknown }) => TString & { default: unknown }
  Union: <Types extends TSchema[]>(types: [...Types], options: SchemaOptions & { default: unknown }) => TUnion<Types> & { default: unknown }
  Unsafe: <Value>(options: SchemaOptions & { default: unknown }) => TUnsafe<Value> & { default: unknown }
}

/** TypeBox's `Type`, whose schemas also say that they have a default. */
export type TypeBuilder = BuildersWithDefault & typeof Type
