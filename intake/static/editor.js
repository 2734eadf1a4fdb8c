// The editor of rule files: colours, completion, problems as one types. Without it the page is a plain text box.
import {
  basicSetup, EditorView, hoverTooltip, indentUnit, indentWithTab, keymap, linter, lintGutter, yaml, yamlLanguage,
} from "./vendor/codemirror/codemirror.min.js";

const QUIET = 500; // milliseconds without a key before the text is checked
const box = document.querySelector("[data-editor]");
const form = box.form;
const known = await (await fetch(box.dataset.words)).json();
const names = new Map(known.names.map((name) => [name.id, name]));

function described(name) {
  const about = document.createElement("div");
  about.className = "about-name";
  const words = document.createElement("p");
  words.textContent = name.text;
  about.append(words);
  const list = document.createElement("ul");
  for (const code of name.codes) {
    const line = document.createElement("li");
    const id = document.createElement("code");
    id.textContent = code.id;
    line.append(id, ` ${code.text}`);
    list.append(line);
  }
  if (name.codes.length) about.append(list);
  if (name.limits) about.append(name.limits);
  return about;
}

const codeOptions = (name) => name.codes.map((code) => ({ label: code.id, detail: code.text, type: "enum" }));
const nameOptions = known.names.map((name) => ({ label: name.id, detail: name.kind, type: "variable", info: () => described(name) }));
const keyOptions = known.keys.map((key) => ({ label: key.id, type: "keyword", boost: -1 }));
const sourceOptions = known.sources.map((source) => ({ label: source.id, detail: source.text, type: "text" }));

// what is being written at the end of a line: a code of an item, a value of a key, a source, or a name or key
function options(line) {
  const code = /([a-z]\w*)\s*(?:!=|<=|>=|[=<>:]|\bin\s*\[(?:[^\]]*,)?|\bincludes\b)\s*\w*$/.exec(line);
  if (code && names.has(code[1])) return codeOptions(names.get(code[1]));
  const key = /([a-z_]+):\s*[\w ]*$/.exec(line);
  const values = key ? known.values.filter((value) => value.key === key[1]) : [];
  if (values.length) return values.map((value) => ({ label: value.id, type: "enum" }));
  if (/sources:\s*\[[^\]]*$/.test(line)) return sourceOptions;
  return [...nameOptions, ...keyOptions];
}

function complete(context) {
  const word = context.matchBefore(/[\w-]*/);
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (before.trimStart().startsWith("#") || (word.from === word.to && !context.explicit)) return null;
  return { from: word.from, options: options(before), validFor: /^[\w-]*$/ };
}

const hover = hoverTooltip((view, pos, side) => {
  const line = view.state.doc.lineAt(pos);
  const at = pos - line.from;
  for (const match of line.text.matchAll(/\w+/g)) {
    const end = match.index + match[0].length;
    if (match.index <= at && at <= end && names.has(match[0])) {
      const create = () => ({ dom: described(names.get(match[0])) });
      return { pos: line.from + match.index, end: line.from + end, above: true, create };
    }
  }
  return null;
});

const list = document.querySelector("[data-problems]");

function tell(problems, more) {
  const lines = problems.map((problem) => {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.className = "govuk-link govuk-link--no-visited-state";
    link.href = "#text";
    link.dataset.line = problem.line;
    link.dataset.column = problem.column;
    link.textContent = `Line ${problem.line}`;
    line.append(link, `: ${problem.message}`);
    return line;
  });
  const title = document.createElement(lines.length ? "h2" : "p");
  title.className = lines.length ? "govuk-heading-m" : "govuk-body test test--passed";
  const count = lines.length + more;
  title.textContent = count ? `${count.toLocaleString("en")} problem${count > 1 ? "s" : ""} in this file` : "No problem in this file";
  const all = document.createElement("ol");
  all.append(...lines);
  const rest = document.createElement("p");
  rest.className = "govuk-body";
  rest.textContent = `And ${more.toLocaleString("en")} more, shown once these are mended.`;
  list.replaceChildren(title, ...(lines.length ? [all] : []), ...(more ? [rest] : []));
}

function place(doc, line, column) {
  const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(row.from + column - 1, row.to);
}

async function check(view) {
  const sent = new FormData(form);
  const doc = view.state.doc;
  sent.set("text", doc.toString());
  const answer = await fetch(box.dataset.check, { method: "POST", body: sent }).catch(() => null);
  if (!answer?.ok) {
    const words = document.createElement("p");
    words.className = "govuk-body test test--failed";
    words.textContent =
      answer?.status === 413
        ? "This file is too large to be checked or saved: more than 2 MB. Split it into several files."
        : "The checker does not answer now. Save to keep your text.";
    list.replaceChildren(words);
    return [];
  }
  const { problems, more } = await answer.json();
  if (view.state.doc.eq(doc)) tell(problems, more);
  return problems.map((problem) => {
    const from = place(doc, problem.line, problem.column);
    const row = doc.lineAt(from);
    const word = /^[^\s,\]}:]*/.exec(row.text.slice(from - row.from))[0].length;
    return { from, to: Math.min(from + Math.max(word, 1), row.to), severity: "error", message: problem.message };
  });
}

let isSaved = true;
const view = new EditorView({
  doc: box.value,
  parent: document.querySelector("[data-editor-place]"),
  extensions: [
    EditorView.cspNonce.of(box.dataset.nonce),
    basicSetup,
    keymap.of([indentWithTab]),
    indentUnit.of("  "),
    yaml(),
    yamlLanguage.data.of({ autocomplete: complete }),
    linter(check, { delay: QUIET }),
    lintGutter(),
    hover,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Text of the file", "aria-describedby": "editor-keys" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) isSaved = false;
    }),
  ],
});
box.hidden = true;
document.querySelector("[data-editor-keys]").hidden = false;
document.querySelector("label[for=text]").addEventListener("click", () => view.focus());

form.addEventListener("submit", () => {
  box.value = view.state.doc.toString();
  isSaved = true;
});
window.addEventListener("beforeunload", (event) => {
  if (!isSaved) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  if (!link) return;
  event.preventDefault();
  const at = place(view.state.doc, Number(link.dataset.line), Number(link.dataset.column));
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  view.focus();
});
