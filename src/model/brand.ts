declare const brand: unique symbol;

/** A string that only the module which validates it creates: `Brand<'PolicyKey'>` does not accept any string. */
export type Brand<Name extends string> = string & { readonly [brand]: Name };
