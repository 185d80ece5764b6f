const { TestEnvironment } = require('jest-environment-jsdom');

/** A browser's page with what jsdom lacks, taken from Node. */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    const names = [
      'AbortController',
      'AbortSignal',
      'fetch',
      'Headers',
      'ReadableStream',
      'Request',
      'Response',
      'TextDecoder',
      'TextEncoder',
      'structuredClone'
    ];
    for (const name of names) {
      this.global[name] = globalThis[name];
    }
  }
};
