// The parts of CodeMirror that the editor of rule files uses; script/vendor bundles them into codemirror.min.js.
export { basicSetup, EditorView } from "codemirror";
export { indentWithTab } from "@codemirror/commands";
export { yaml, yamlLanguage } from "@codemirror/lang-yaml";
export { indentUnit } from "@codemirror/language";
export { linter, lintGutter } from "@codemirror/lint";
export { hoverTooltip, keymap } from "@codemirror/view";
