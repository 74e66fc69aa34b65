// TypeScript is stripped of its types by Rspack itself; `tsc` (in the folder types) only checks.
module.exports = {
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
        type: 'javascript/auto'
      }
    ]
  },
  resolve: { extensions: ['.ts', '.js'] }
};
