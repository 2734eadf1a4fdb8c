// Buttons that need a script are there only with one.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.parentElement.querySelector("[role=status]").textContent = "Copied";
  });
}
document.querySelector("[data-focus]")?.focus();

// what was typed and not saved is not lost by a stray tap on a link
let changed = false;
const form = document.getElementById("review-form");
form?.addEventListener("submit", () => { changed = false; });
document.addEventListener("input", (event) => { changed ||= event.target.form === form && form !== null; });
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
