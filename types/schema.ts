import type { OptionalKind, Static, TArray, TObject, TProperties, TSchema, TUnion } from '@sinclair/typebox'
import type { StandardSchema } from './standard-schema.js'

/**
 * A schema of an input or an output. It is one of:
 * - a schema of TypeBox 0.34 or 1.x
 * - a JSON Schema of draft 7 or 2020-12, `as const` so that types follow from it
 * - a schema of a library with Standard Schema and its JSON Schema conversion
 */
export type Schema = object

/**
 * The two types of one schema. They differ in fields with a default: the sender may omit them, the receiver gets them.
 */
type Side = 'sent' | 'received'

/** The type of the value that the sender may pass: an input of a client, or an output of a processor. */
export type Sent<S> = TypeOf<S, 'sent'>

/** The type of the value that the receiver gets: an input of a processor, or an output of a client. */
export type Received<S> = TypeOf<S, 'received'>

type TypeOf<S, Where extends Side> =
  object extends S ? unknown
    : S extends StandardSchema<infer Input, infer Output> ? (Where extends 'sent' ? Input : Output)
      : S extends TSchema ? OfTypeBox<S, Where>
        : OfJson<S, Where>

// TypeBox 0.34

type OfTypeBox<S extends TSchema, Where extends Side> =
  Where extends 'received' ? Static<S>
    : S extends TObject<infer Properties> ? ObjectOfTypeBox<Properties>
      : S extends TArray<infer Items> ? Array<OfTypeBox<Items, Where>>
        : S extends TUnion<infer Branches> ? OfBranches<Branches>
          : Static<S>

type OfBranches<Branches extends TSchema[]> = { [Index in keyof Branches]: OfTypeBox<Branches[Index], 'sent'> }[number]

type ObjectOfTypeBox<P extends TProperties> = Flat<
  { [K in keyof P as MayMiss<P[K]> extends true ? never : K]: OfTypeBox<P[K], 'sent'> } &
  { [K in keyof P as MayMiss<P[K]> extends true ? K : never]?: OfTypeBox<P[K], 'sent'> }
>

type MayMiss<S> = S extends { [OptionalKind]: 'Optional' } ? true : S extends { default: unknown } ? true : false

// TypeBox 1.x and JSON Schemas

type OfJson<S, Where extends Side> =
  S extends { '~unsafe': infer Type } ? Type
    : S extends { const: infer Value } ? Value
      : S extends { enum: infer Values extends readonly unknown[] } ? Values[number]
        : S extends { anyOf: infer Branches extends readonly unknown[] } ? OfJson<Branches[number], Where>
          : S extends { oneOf: infer Branches extends readonly unknown[] } ? OfJson<Branches[number], Where>
            : S extends { allOf: infer Parts extends readonly unknown[] } ? OfAll<Parts, Where>
              : S extends { type: infer Type } ? (Type extends readonly unknown[] ? OfKind<Type[number], S, Where> : OfKind<Type, S, Where>)
                : unknown

type OfAll<Parts extends readonly unknown[], Where extends Side> =
  Parts extends readonly [infer First, ...infer Rest] ? OfJson<First, Where> & OfAll<Rest, Where> : unknown

type OfKind<Kind, S, Where extends Side> =
  Kind extends 'string' ? string
    : Kind extends 'number' | 'integer' ? number
      : Kind extends 'boolean' ? boolean
        : Kind extends 'null' ? null
          : Kind extends 'array' ? OfItems<S, Where>
            : Kind extends 'object' ? OfObject<S, Where>
              : unknown

type OfItems<S, Where extends Side> =
  S extends { prefixItems: infer Items extends readonly unknown[] } ? OfTuple<Items, Where>
    : S extends { items: infer Items } ? (Items extends readonly unknown[] ? OfTuple<Items, Where> : Array<OfJson<Items, Where>>)
      : unknown[]

type OfTuple<Items extends readonly unknown[], Where extends Side> = { -readonly [Index in keyof Items]: OfJson<Items[Index], Where> }

type OfObject<S, Where extends Side> =
  S extends { properties: infer P } ? OfProperties<P, RequiredOf<S>, Where>
    : S extends { patternProperties: infer P } ? Record<string, OfJson<P[keyof P], Where>>
      : S extends { additionalProperties: infer Values extends object } ? Record<string, OfJson<Values, Where>>
        : Record<string, unknown>

type RequiredOf<S> = S extends { required: infer Names extends readonly unknown[] } ? Names[number] : never

type OfProperties<P, Names, Where extends Side> = Flat<
  { -readonly [K in keyof P as IsThere<P[K], K, Names, Where> extends true ? K : never]: OfJson<P[K], Where> } &
  { -readonly [K in keyof P as IsThere<P[K], K, Names, Where> extends true ? never : K]?: OfJson<P[K], Where> }
>

type IsThere<S, Name, Names, Where extends Side> =
  S extends { default: unknown } ? (Where extends 'sent' ? false : true) : Name extends Names ? true : false

type Flat<T> = { [K in keyof T]: T[K] } & {}
