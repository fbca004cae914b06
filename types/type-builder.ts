import type {
  ArrayOptions, IntegerOptions, NumberOptions, ObjectOptions, SchemaOptions, StringOptions,
  TArray, TBoolean, TInteger, TLiteral, TLiteralValue, TNumber, TObject, TProperties, TSchema, TString, TUnion, TUnsafe, Type
} from '@sinclair/typebox'

/*
 * What TypeBox's own types forget: that a schema has a default. Spelled out each time: declarations of those who
 * export a definition have to name it.
 */

/** The builders of TypeBox, for options with a default. */
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

/** TypeBox's `Type`. */
export type TypeBuilder = BuildersWithDefault & typeof Type
