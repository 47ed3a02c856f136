// https://nodejs.org/api/module.html#customization-hooks

/** Resolves `graphql` and its submodules to `graphql17`. */
export function resolve(specifier, context, next) {
  return next(specifier.replace(/^graphql(?=$|\/)/, 'graphql17'), context)
}
