import "./buttons.js";

document.querySelector("[data-focus]")?.focus();

// what was typed and not saved is not lost by a stray tap on a link
let changed = false;
const form = document.getElementById("review-form");
form?.addEventListener("submit", () => { changed = false; });
document.addEventListener("input", (event) => { changed ||= event.target.form === form && form !== null; });
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
