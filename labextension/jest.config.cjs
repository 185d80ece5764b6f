// JupyterLab's packages are ES modules, so they are compiled along with ours.
const modules = [
  '@jupyter',
  '@jupyterlab',
  '@lumino',
  '@microsoft',
  '@rjsf',
  'ansi_up',
  'fzstd',
  'exenv-es6',
  'hyparquet',
  'hysnappy',
  'lib0',
  'uuid',
  'y-',
  'yjs'
];

module.exports = {
  testEnvironment: '<rootDir>/jest.environment.cjs',
  roots: ['<rootDir>/src'],
  testRegex: '\\.spec\\.tsx?$',
  transform: {
    '\\.[jt]sx?$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: true } } }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${modules.join('|')}))`],
  moduleNameMapper: { '\\.(css|svg)$': '<rootDir>/jest.style.cjs' },
  setupFiles: ['<rootDir>/jest.setup.cjs']
};
