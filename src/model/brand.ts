declare const brand: unique symbol;

/** A string that only the module that validates it may make: `Brand<'PolicyKey'>` is not any string. */
export type Brand<Name extends string> = string & { readonly [brand]: Name };
