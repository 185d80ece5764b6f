export default {
  extends: ['stylelint-config-standard'],
  rules: {
    // Ours, and those of JupyterLab and Lumino that ours stand in.
    'selector-class-pattern': '^(jp|lm|u)-',
    'import-notation': null,
    'no-descending-specificity': null
  }
};
